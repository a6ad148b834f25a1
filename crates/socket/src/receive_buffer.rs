//! How much the kernel keeps of what has not been received yet.

use crate::family::Family;
use crate::sys;

/// The receive buffer of a [`BoundSocket`](crate::BoundSocket): what was asked
/// for, what the kernel granted, and how many datagrams that holds.
///
/// ```
/// use ifcast_socket::BoundSocket;
///
/// fn report(socket: &BoundSocket) -> std::io::Result<()> {
///     let buffer = socket.receive_buffer()?;
///     println!("{} datagrams of 512 bytes", buffer.datagrams(512));
///     if buffer.is_less_than_asked() {
///         eprintln!("only {} bytes: raise net.core.rmem_max", buffer.granted());
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveBuffer {
    pub(crate) asked: Option<usize>,
    pub(crate) granted: usize,
    pub(crate) family: Family,
    /// The longest payload that arrives in one packet, if that is known.
    pub(crate) packet: Option<usize>,
    /// Whether several datagrams may be kept as one message.
    pub(crate) coalesces: bool,
}

impl ReceiveBuffer {
    /// How many bytes [`Builder::receive_buffer`](crate::Builder::receive_buffer)
    /// asked for; `None` if the system's default was left as it is.
    #[must_use]
    pub const fn asked(&self) -> Option<usize> {
        self.asked
    }

    /// How many bytes the kernel says that it keeps (`SO_RCVBUF`), its own
    /// bookkeeping included.
    ///
    /// # Platform
    /// - Linux, Android: it doubles what is asked for, to have room for the
    ///   bookkeeping, and says the double (socket(7)). At least 2304 bytes.
    /// - Elsewhere: what is asked for.
    #[must_use]
    pub const fn granted(&self) -> usize {
        self.granted
    }

    /// Whether the kernel granted less than was asked for, doubled where it says
    /// the double.
    ///
    /// # Platform
    /// - Linux, Android: `net.core.rmem_max` caps what is asked for.
    /// - Apple's systems, FreeBSD: `kern.ipc.maxsockbuf` does; NetBSD: `kern.sbmax`.
    #[must_use]
    pub fn is_less_than_asked(&self) -> bool {
        let granted_in_full = |asked| sys::receive_buffer_of(asked);
        self.asked
            .map(granted_in_full)
            .is_some_and(|full| self.granted < full)
    }

    /// How many datagrams with so many bytes of payload it holds until one is
    /// dropped, at least one. Small datagrams cost much more than their payload. More
    /// bytes than a datagram can have count as that many.
    ///
    /// # Platform
    /// - Linux, Android: each packet takes its data, its headers and the kernel's
    ///   own, rounded up to what its allocator gives (`truesize`): 832, 1280 and
    ///   2304 bytes for 64, 512 and 1472. A datagram in fragments takes that for
    ///   each. On virtual Ethernet and loopback interfaces of 64-bit systems since
    ///   Linux 6.3 the figure is right to one datagram, with fragments to a few
    ///   percent. Drivers that give each packet a page or a large buffer hold
    ///   **fewer**: with 4096 bytes for each, a quarter as many of 512 bytes.
    ///   Joined datagrams ([`Builder::coalesce`](crate::Builder::coalesce)) may be
    ///   more.
    /// - Apple's systems: an estimate, from how xnu counts (`sbspace`): payload,
    ///   source and packet info, and an eighth of the memory that they are in.
    #[must_use]
    pub fn datagrams(&self, payload_len: usize) -> usize {
        let len = payload_len.min(self.family.longest_payload());
        (self.granted / self.charge(len)).max(1)
    }

    /// What the kernel counts for a datagram, where its packets have buffers of
    /// just their size.
    fn charge(&self, len: usize) -> usize {
        let packet = self.packet.unwrap_or(len).max(FEWEST_IN_PACKET);
        let charge = |len| sys::packet_charge(self.family, len);
        let full = charge(packet);
        // A short rest goes into the room that the one packet before it left.
        if len < 2 * packet && charge(len) <= full {
            return charge(len);
        }
        match len % packet {
            0 => len / packet * full,
            rest => len / packet * full + charge(rest),
        }
    }

    /// The most that it counts for a [short](Self::SHORT) datagram, also where
    /// packets come in pages.
    pub(crate) fn most_for_short(&self) -> usize {
        let packet = self.packet.unwrap_or(USUAL).max(FEWEST_IN_PACKET);
        // Where the link has short packets, even these come in several.
        USUAL.div_ceil(packet) * (HEAD + PAGE)
    }

    /// The most that it counts for the bytes in longer ones, beside what each takes
    /// as a short one.
    pub(crate) fn most_for_long(&self, bytes: usize) -> usize {
        let packet = self.packet.unwrap_or(USUAL).clamp(FEWEST_IN_PACKET, FULL);
        bytes.div_ceil(packet).saturating_mul(HEAD + PAGE)
    }

    /// The longest payload that is in one packet on most links.
    pub(crate) const SHORT: usize = 1472;
}

/// What every system's links carry in a packet (RFC 791: 68 bytes).
const FEWEST_IN_PACKET: usize = 40;

/// Most links have at least that, for either family and in a tunnel.
const USUAL: usize = 1400;

/// Linux's structures for a packet and a small buffer for its headers, for
/// drivers that leave the rest in pages.
const HEAD: usize = 768;
const PAGE: usize = 4096;
/// Of how much payload another page is counted, so that those are included who
/// round a whole packet up to twice its size.
const FULL: usize = 3000;

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(asked: Option<usize>, granted: usize, family: Family, mtu: usize) -> ReceiveBuffer {
        ReceiveBuffer {
            asked,
            granted,
            family,
            packet: Some(mtu - family.headers_len()),
            coalesces: false,
        }
    }

    #[test]
    fn a_buffer_holds_at_least_one_datagram_and_the_more_the_smaller_they_are() {
        let step = if cfg!(miri) { 257 } else { 1 }; // Miri would take ten minutes for all, and finds nothing in sums
        for family in Family::ALL {
            let small = buffer(None, 2304, family, 1500);
            let large = buffer(None, 1 << 20, family, 1500);
            let loopback = buffer(None, 1 << 20, family, 65_536);
            let narrow = buffer(None, 1 << 20, family, 576);
            let mut last = usize::MAX;
            for len in (0..=65_535).step_by(step) {
                assert!(small.datagrams(len) >= 1);
                assert!(large.datagrams(len) >= 1);
                let long = if len > ReceiveBuffer::SHORT { len } else { 0 };
                for link in [large, loopback, narrow] {
                    let most = link.most_for_short() + link.most_for_long(long);
                    assert!(most >= link.charge(len), "{link:?}, {len}");
                }
                last = last.min(large.datagrams(len));
            }
            assert_eq!(small.datagrams(65_535), 1);
            assert!(last < large.datagrams(0));
        }
    }

    #[test]
    fn a_link_with_hardly_any_room_is_counted_all_the_same() {
        let strange = ReceiveBuffer {
            packet: Some(0),
            ..buffer(None, 1 << 20, Family::V6, 1500)
        };
        assert!(strange.datagrams(65_535) >= 1);
    }

    #[test]
    fn what_no_datagram_can_hold_is_counted_as_the_longest() {
        for packet in [None, Some(1472), Some(65_507)] {
            let buffer = ReceiveBuffer {
                packet,
                ..buffer(None, 1 << 20, Family::V4, 1500)
            };
            let longest = buffer.datagrams(65_507);
            for len in [65_508, usize::MAX / 2, usize::MAX] {
                assert_eq!(buffer.datagrams(len), longest, "{packet:?} {len}");
            }
        }
    }
}
