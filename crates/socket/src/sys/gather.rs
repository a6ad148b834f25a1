//! Packet info of IPv4 as the BSDs tell it, made into what all others tell.
//!
//! They say in two control messages what Linux, Apple and illumos say in a `struct
//! in_pktinfo`. It is written anew like that as soon as it is received, and everything
//! else goes on as it does elsewhere.

#![forbid(unsafe_code)]

use std::ffi::c_int;

use crate::sys::control::writer::write;
use crate::sys::control::{Buffer, Constants, IPV4_INFO_LEN, Layout, Telling, walk};

/// What stands for a whole `struct in_pktinfo` where the system has none; nothing
/// that it says itself has a number below zero.
pub(super) const GATHERED: (c_int, c_int) = (libc::IPPROTO_IP, -1);

/// Replaces what is told in another way by packet info, in the first `len` bytes of
/// control messages; returns how many bytes there are then.
///
/// If a part is missing, cut off or of no interface, nothing is replaced, so that
/// there is no packet info.
pub(super) fn gather(constants: &Constants, buffer: &mut Buffer, len: usize) -> usize {
    let len = len.min(Buffer::LEN);
    gathered(constants, buffer, len).unwrap_or(len)
}

fn gathered(constants: &Constants, buffer: &mut Buffer, len: usize) -> Option<usize> {
    let layout = constants.layout;
    let bytes = &buffer.0[..len];
    let Telling::Apart {
        interface, address, ..
    } = constants.ipv4_telling
    else {
        return None;
    };
    let link = last(layout, bytes, interface)?;
    let address = last(layout, bytes, address)?;
    let interface = link_index(link.data(layout, bytes))?;
    let destination: [u8; 4] = *address.data(layout, bytes).first_chunk()?;
    let mut info = [0; IPV4_INFO_LEN]; // interface, no local address, destination
    info[..4].copy_from_slice(&u32::from(interface).to_ne_bytes());
    info[8..].copy_from_slice(&destination);

    let kept = len - link.room(layout, len) - address.room(layout, len);
    let start = layout.aligned(kept);
    let end = start + layout.aligned(layout.header_len() + info.len());
    if end > Buffer::LEN {
        return None; // which cannot be, since the parts are longer
    }
    // The later one first, since those behind it move when it is removed.
    let parts = if link.start > address.start {
        [link, address]
    } else {
        [address, link]
    };
    let mut left = len;
    for part in parts {
        let behind = part.start + part.room(layout, left);
        buffer.0.copy_within(behind..left, part.start);
        left -= behind - part.start;
    }
    buffer.0[left..start].fill(0);
    let place = &mut buffer.0[start..end];
    write(layout, place, constants.ipv4.packet_info, &info);
    Some(end)
}

/// A message that is one of the parts.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: usize,
    /// Without padding.
    end: usize,
}

impl Part {
    fn data(self, layout: Layout, bytes: &[u8]) -> &[u8] {
        bytes
            .get(self.start + layout.header_len()..self.end)
            .unwrap_or_default()
    }

    /// How many of `len` bytes it takes, with its padding, which the last one may lack.
    fn room(self, layout: Layout, len: usize) -> usize {
        layout.aligned(self.end - self.start).min(len - self.start)
    }
}

/// The last message of a kind.
fn last(layout: Layout, bytes: &[u8], wanted: (c_int, c_int)) -> Option<Part> {
    let mut found = None;
    walk(layout, bytes, |kind, data| {
        if kind == wanted {
            found = Some(Part {
                start: data.start - layout.header_len(),
                end: data.end,
            });
        }
    });
    found
}

/// The index in a `struct sockaddr_dl`, if it is one: length, family, index (2 bytes), and
/// what does not matter here. It may be cut off behind the index, by its own length too.
fn link_index(bytes: &[u8]) -> Option<u16> {
    const AF_LINK: u8 = 18; // on all of these systems
    match *bytes {
        [len, AF_LINK, first, second, ..] if len >= 4 => {
            Some(u16::from_ne_bytes([first, second])).filter(|index| *index != 0)
        }
        _ => None,
    }
}
