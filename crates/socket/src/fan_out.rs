//! Sending by many interfaces at once.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;

use ifcast_interfaces::InterfaceIndex;

use crate::delivery;
use crate::error::Error;
use crate::packet_info::PacketInfo;
use crate::send_batch::{SendBatch, SentBatch};
use crate::shared::SharedSocket;
use crate::sys::outgoing::Orders;

/// By which interface a copy of a datagram goes where.
///
/// See [`SharedSocket::fan_out`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// The interface to leave by.
    pub interface: InterfaceIndex,
    /// Where it goes.
    pub destination: SocketAddr,
    /// The source address, one of the interface's; none leaves it to the kernel.
    pub source: Option<IpAddr>,
}

impl SharedSocket {
    /// Sends one payload, which is not copied, on many courses in their order, in
    /// as few system calls as the system can. What is wrong with one does not stop
    /// the others.
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use ifcast_socket::{Course, SendBatch, SharedSocket};
    ///
    /// /// Sends by every interface.
    /// fn announce(socket: &SharedSocket, batch: &mut SendBatch, group: SocketAddr) {
    ///     let interfaces = socket.endpoint().interfaces();
    ///     let courses = interfaces.iter().map(|interface| Course {
    ///         interface: interface.index(),
    ///         destination: group,
    ///         source: None,
    ///     });
    ///     let courses: Vec<_> = courses.collect();
    ///     for (_, error) in socket.fan_out(batch, b"here I am", &courses).failures() {
    ///         eprintln!("{error}");
    ///     }
    /// }
    /// ```
    ///
    /// # Platform
    /// - Linux, Android: `sendmmsg(2)`, with packet info for each.
    /// - Elsewhere: `sendmsg(2)` in a loop.
    pub fn fan_out(&self, batch: &mut SendBatch, payload: &[u8], courses: &[Course]) -> SentBatch {
        let mut sent = SentBatch::none_of(courses.len());
        while !sent.unsent().is_empty() {
            if !self.send_some(batch, payload, courses, &mut sent) {
                break;
            }
        }
        sent
    }

    /// Sends as many as there is room for; whether there is room in the send
    /// buffer still.
    fn send_some(
        &self,
        batch: &mut SendBatch,
        payload: &[u8],
        courses: &[Course],
        sent: &mut SentBatch,
    ) -> bool {
        batch.ranges.clear();
        let mut messages = batch.room.fill();
        let mut refused: Vec<(usize, Error)> = Vec::new();
        let mut next = sent.unsent().start;
        while let Some(course) = courses.get(next) {
            match self.orders(payload, course) {
                Err(error) => refused.push((next, error)),
                Ok((destination, orders)) => {
                    if !messages.push(destination, [payload].into_iter(), orders) {
                        break;
                    }
                    batch.ranges.push(next..next + 1);
                }
            }
            next += 1;
        }
        let endpoint = self.endpoint();
        let delivery = delivery::deliver(
            &batch.ranges,
            next,
            |from| messages.send(endpoint.as_fd(), from),
            |_| Ok(()), // none is made of several
            |place, error| {
                let Course {
                    interface,
                    destination,
                    ..
                } = courses[place];
                self.sender(interface).map_or_else(
                    || not_shared(interface),
                    |sender| sender.send_error(payload, destination, error),
                )
            },
        );
        sent.take(delivery, refused)
    }

    /// What the kernel is to be told of a course, unless something is wrong with it.
    fn orders(&self, payload: &[u8], course: &Course) -> Result<(SocketAddr, Orders), Error> {
        let interface = course.interface;
        let sender = self
            .sender(interface)
            .ok_or_else(|| not_shared(interface))?;
        let destination = sender.check(payload, course.destination)?;
        let way = sender.way(PacketInfo {
            source: course.source,
            ..PacketInfo::default()
        })?;
        let orders = Orders {
            way: Some(way),
            segment: None,
        };
        Ok((destination, orders))
    }
}

const fn not_shared(interface: InterfaceIndex) -> Error {
    Error::NotShared {
        named: interface.get(),
    }
}
