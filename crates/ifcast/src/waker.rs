//! Waking a loop from another thread.

use std::fmt;
use std::io;
use std::sync::Arc;

use mio::{Registry, Token};

/// Wakes a [`Lan`](crate::Lan) or an [`EventLoop`](crate::EventLoop) from another
/// thread, so that it looks whether it is to stop or to do something.
///
/// It carries no message: what to do is told by other means, such as a channel. Who
/// wakes a loop several times before it looks has woken it once.
///
/// ```
/// use std::sync::mpsc;
/// use std::thread;
///
/// use ifcast::{Event, Lan, To};
///
/// fn run(mut lan: Lan) -> Result<(), Box<dyn std::error::Error>> {
///     let (texts, inbox) = mpsc::channel::<String>();
///     let waker = lan.waker()?;
///     thread::spawn(move || {
///         for line in std::io::stdin().lines().map_while(Result::ok) {
///             if texts.send(line).is_err() || waker.wake().is_err() {
///                 break;
///             }
///         }
///     });
///     loop {
///         lan.poll(None, |event| match event {
///             Event::Datagram(heard) => println!("{}", heard.source()),
///             other => eprintln!("{other:?}"),
///         })?;
///         for text in inbox.try_iter() {
///             println!("{}", lan.send(text.as_bytes(), To::AllHosts));
///         }
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Waker(Arc<mio::Waker>);

impl Waker {
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        Ok(Self(Arc::new(mio::Waker::new(registry, token)?)))
    }

    /// Has the loop return from its wait, or from the next one if it is not waiting.
    ///
    /// # Errors
    /// What the operating system answered.
    pub fn wake(&self) -> io::Result<()> {
        self.0.wake()
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").finish_non_exhaustive()
    }
}
