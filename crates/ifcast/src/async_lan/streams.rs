//! Messages and changes as streams.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::async_lan::change::Change;
use crate::async_lan::crowd::Seat;
use crate::async_lan::lan::AsyncLan;
use crate::async_lan::message::Message;
use crate::error::Error;

/// The datagrams of an [`AsyncLan`], as [`recv`](AsyncLan::recv) gives them. It never
/// ends.
///
/// ```
/// use ifcast::AsyncLan;
/// use tokio_stream::StreamExt;
///
/// async fn print(lan: &AsyncLan) -> Result<(), ifcast::Error> {
///     let mut messages = lan.messages();
///     while let Some(message) = messages.next().await {
///         println!("{:?}", message?);
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is polled"]
pub struct Messages<'a> {
    pub(super) lan: &'a AsyncLan,
    pub(super) seat: Seat<'a>,
}

impl Stream for Messages<'_> {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.lan.poll_message(cx, &mut this.seat).map(Some)
    }
}

/// The changes of an [`AsyncLan`], as [`next_change`](AsyncLan::next_change) gives
/// them. It never ends.
///
/// ```
/// use ifcast::AsyncLan;
/// use tokio_stream::StreamExt;
///
/// async fn print(lan: &AsyncLan) -> Result<(), ifcast::Error> {
///     let mut changes = lan.changes();
///     while let Some(change) = changes.next().await {
///         println!("{:?}", change?);
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is polled"]
pub struct Changes<'a> {
    pub(super) lan: &'a AsyncLan,
    pub(super) seat: Seat<'a>,
}

impl Stream for Changes<'_> {
    type Item = Result<Change, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.lan.poll_change(cx, &mut this.seat).map(Some)
    }
}
