//! What is said of a message on its way out.

use std::ffi::c_int;
use std::net::IpAddr;

use crate::family::Family;
use crate::sys::control::{Buffer, Constants, IPV4_INFO_LEN, IPV6_INFO_LEN, Layout, Telling};
use crate::sys::platform;

/// By which interface a datagram leaves, from which source, which may be unspecified,
/// and what else is different from the socket's others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) interface: u32,
    pub(crate) source: IpAddr,
    pub(crate) hops: Option<u8>,
    pub(crate) traffic_class: Option<u8>,
}

/// Whether this system can be told hops and traffic class of one datagram.
pub(crate) const fn takes_header_fields(family: Family) -> bool {
    platform::CONTROL.of(family).are_sent
}

/// Control messages on their way out, one after the other.
pub(in crate::sys) struct Writer<'b> {
    constants: &'static Constants,
    buffer: &'b mut Buffer,
    pub(super) len: usize,
}

impl<'b> Writer<'b> {
    pub(in crate::sys) const fn new(buffer: &'b mut Buffer) -> Self {
        Self::with(&platform::CONTROL, buffer)
    }

    pub(super) const fn with(constants: &'static Constants, buffer: &'b mut Buffer) -> Self {
        Self {
            constants,
            buffer,
            len: 0,
        }
    }

    /// What is said of one datagram; what the system cannot be told is left out, see
    /// [`takes_header_fields`].
    pub(in crate::sys) fn way(&mut self, way: Way) {
        self.packet_info(way.interface, way.source);
        if way.hops.is_none() && way.traffic_class.is_none() {
            return;
        }
        let fields = self.constants.of(Family::of(way.source));
        for (kind, value) in [
            (Some(fields.hops), way.hops),
            (fields.traffic_class, way.traffic_class),
        ] {
            if let Some((value, kind)) = value.filter(|_| fields.are_sent).zip(kind) {
                self.write(kind, &c_int::from(value).to_ne_bytes());
            }
        }
    }

    /// Packet info: by `interface`, from `source`, which may be unspecified.
    pub(super) fn packet_info(&mut self, interface: u32, source: IpAddr) {
        let mut data = [0; IPV6_INFO_LEN];
        match source {
            IpAddr::V4(source) => match self.constants.ipv4_telling {
                Telling::Whole => {
                    data[..4].copy_from_slice(&interface.to_ne_bytes());
                    data[4..8].copy_from_slice(&source.octets());
                    self.write(self.constants.ipv4.packet_info, &data[..IPV4_INFO_LEN]);
                }
                Telling::Apart {
                    way: Some(kind), ..
                } => {
                    data[..4].copy_from_slice(&source.octets());
                    data[4..8].copy_from_slice(&interface.to_ne_bytes());
                    self.write(kind, &data[..8]);
                }
                Telling::Apart { way: None, .. } if source.is_unspecified() => {}
                Telling::Apart {
                    way: None, address, ..
                } => self.write(address, &source.octets()),
            },
            IpAddr::V6(source) => {
                data[..16].copy_from_slice(&source.octets());
                data[16..].copy_from_slice(&interface.to_ne_bytes());
                self.write(self.constants.ipv6.packet_info, &data);
            }
        }
    }

    /// How long the datagrams are that the message is split into.
    pub(in crate::sys) fn segment(&mut self, kind: (c_int, c_int), segment: u16) {
        self.write(kind, &segment.to_ne_bytes());
    }

    /// What has been written.
    pub(in crate::sys) fn finish(self) -> &'b mut [u8] {
        &mut self.buffer.0[..self.len]
    }

    pub(super) fn write(&mut self, kind: (c_int, c_int), data: &[u8]) {
        let layout = self.constants.layout;
        let end = self.len + layout.aligned(layout.header_len() + data.len());
        write(layout, &mut self.buffer.0[self.len..end], kind, data);
        self.len = end;
    }
}

/// Writes one message, which takes all of `bytes`.
#[inline]
pub(in crate::sys) fn write(
    layout: Layout,
    bytes: &mut [u8],
    (level, message_type): (c_int, c_int),
    data: &[u8],
) {
    let (header, rest) = bytes.split_at_mut(layout.header_len());
    header.fill(0);
    write_len(
        &mut header[..layout.len_bytes],
        layout.header_len() + data.len(),
    );
    header[layout.len_bytes..][..4].copy_from_slice(&level.to_ne_bytes());
    header[layout.len_bytes + 4..][..4].copy_from_slice(&message_type.to_ne_bytes());
    rest[..data.len()].copy_from_slice(data);
    rest[data.len()..].fill(0);
}

pub(super) fn write_len(bytes: &mut [u8], len: usize) {
    let width = bytes.len();
    let len = (len as u64).to_ne_bytes();
    if cfg!(target_endian = "little") {
        bytes.copy_from_slice(&len[..width]);
    } else {
        bytes.copy_from_slice(&len[len.len() - width..]);
    }
}
