//! What the fuzz targets in `fuzz/` reach of this crate: bytes go in, and what
//! they say comes out. Only cargo-fuzz builds it.

#![forbid(unsafe_code)]

use std::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::{Duration, SystemTime};

use crate::family::Family;
use crate::sys::address::{self, Name};
use crate::sys::control::systems::{APPLE, FREEBSD, ILLUMOS, LINUX, NETBSD, NETBSD_ARM, OPENBSD};
use crate::sys::control::{self, Buffer, Constants, Layout, Telling, Timestamp, Writer};
use crate::sys::gather;

/// Whose layout and numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// On 64-bit machines.
    Linux,
    /// On 32-bit machines.
    Linux32,
    /// On all machines.
    Apple,
    /// On 64-bit machines.
    FreeBsd,
    /// On 64-bit machines.
    OpenBsd,
    /// On 64-bit machines but ARM.
    NetBsd,
    /// On 64-bit ARM.
    NetBsdArm,
    /// On all machines but SPARC.
    Illumos,
}

/// What control messages say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Datagram`")]
pub struct Told {
    pub interface: Option<u32>,
    pub destination: Option<IpAddr>,
    pub local: Option<Ipv4Addr>,
    pub hops: Option<u8>,
    pub traffic_class: Option<u8>,
    pub timestamp: Option<SystemTime>,
    pub drops: Option<u32>,
    /// Into what the message is to be split that was received.
    pub segment: Option<NonZeroU32>,
    /// Into what the kernel shall split what is sent.
    pub split: Option<u16>,
}

impl System {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Linux,
        Self::Linux32,
        Self::Apple,
        Self::FreeBsd,
        Self::OpenBsd,
        Self::NetBsd,
        Self::NetBsdArm,
        Self::Illumos,
    ];

    /// Whether it says which address this host has where a datagram arrived; if not,
    /// it does not say so of the interface 0 either.
    pub fn says_local(self) -> bool {
        matches!(self.constants().ipv4_telling, Telling::Whole)
    }

    /// What the fraction of a timestamp counts.
    pub const fn unit(self) -> Duration {
        self.constants().timestamp.unit
    }

    /// Reads what this system's kernel might have written.
    pub fn read(self, family: Family, bytes: &[u8]) -> Told {
        let constants = self.constants();
        let bytes = &bytes[..bytes.len().min(Buffer::LEN)];
        let mut buffer = Buffer([0xa5; Buffer::LEN]);
        buffer.0[..bytes.len()].copy_from_slice(bytes);
        let len = gather::gather(constants, &mut buffer, bytes.len());
        let bytes = &buffer.0[..len];
        let outline = control::outline_as(constants, bytes, family);
        if let Some(lone) = control::lone_packet_info(constants, bytes, family) {
            assert_eq!(lone, outline);
        }
        let arrival = outline.packet_info.map(|at| {
            let at = at.get();
            assert!(usize::from(at) + control::packet_info_len(family) <= bytes.len());
            let arrival = control::arrival(&buffer, at, family);
            assert_eq!(control::interface(&buffer, at, family), arrival.interface);
            let destination = control::destination(&buffer, at, family);
            assert_eq!(destination, arrival.destination);
            arrival
        });
        let split = control::find(constants.layout, bytes, SPLIT);
        Told {
            interface: arrival.map(|arrival| arrival.interface),
            destination: arrival.map(|arrival| arrival.destination),
            local: arrival.and_then(|arrival| arrival.local),
            hops: control::hops_as(constants, bytes, family),
            traffic_class: control::traffic_class_as(constants, bytes, family),
            timestamp: control::timestamp_as(constants, bytes),
            drops: control::drops_as(constants, bytes),
            segment: outline.segment,
            split: split.and_then(|data| Some(u16::from_ne_bytes(*data.first_chunk()?))),
        }
    }

    const fn constants(self) -> &'static Constants {
        match self {
            Self::Linux => &LINUX,
            Self::Linux32 => &LINUX_32,
            Self::Apple => &APPLE,
            Self::FreeBsd => &FREEBSD,
            Self::OpenBsd => &OPENBSD,
            Self::NetBsd => &NETBSD,
            Self::NetBsdArm => &NETBSD_ARM,
            Self::Illumos => &ILLUMOS,
        }
    }
}

/// Writes as a program does, and as a kernel. What there is no room for is left
/// out, and so is what the system does not know; the answer says whether it is in.
#[expect(missing_debug_implementations, reason = "nobody shows it")]
pub struct Area {
    system: System,
    family: Family,
    buffer: Buffer,
    len: usize,
}

impl Area {
    /// An empty one.
    pub const fn new(system: System, family: Family) -> Self {
        Self {
            system,
            family,
            buffer: Buffer([0xff; Buffer::LEN]),
            len: 0,
        }
    }

    /// As it is sent: the source stands where the kernel writes the local address
    /// (IPv4) or the destination (IPv6). Where packet info is gathered it stands for the
    /// destination.
    pub fn packet_info(&mut self, interface: u32, source: IpAddr) -> bool {
        if let (Telling::Apart { .. }, IpAddr::V4(source)) = (self.constants().ipv4_telling, source)
        {
            return self.apart(interface, source);
        }
        let len = control::packet_info_len(Family::of(source));
        self.write(len, |writer| writer.packet_info(interface, source))
    }

    /// Has the kernel split what is sent.
    pub fn split(&mut self, segment: u16) -> bool {
        self.write(2, |writer| writer.segment(SPLIT, segment))
    }

    /// In a byte, or in an `int`.
    pub fn hops(&mut self, hops: u8, as_byte: bool) -> bool {
        let kind = self.constants().of(self.family).hops;
        self.small(kind, hops, as_byte)
    }

    /// As hops.
    pub fn traffic_class(&mut self, traffic_class: u8, as_byte: bool) -> bool {
        let kind = self.constants().of(self.family).traffic_class;
        kind.is_some_and(|kind| self.small(kind, traffic_class, as_byte))
    }

    /// `as_of_old` is in two numbers of 32 bits.
    pub fn timestamp(&mut self, seconds: u32, fraction: u32, as_of_old: bool) -> bool {
        let wide = |number: u32| u64::from(number).to_ne_bytes();
        let data = match self.system {
            System::Linux | System::Linux32 if as_of_old => {
                [seconds.to_ne_bytes(), fraction.to_ne_bytes()].concat()
            }
            System::Linux | System::Linux32 => [wide(seconds), wide(fraction)].concat(),
            _ if self.constants().timestamp.fraction_bytes == 8 => {
                [wide(seconds), wide(fraction)].concat()
            }
            _ => {
                let padding = [0xff; 4];
                [&wide(seconds)[..], &fraction.to_ne_bytes(), &padding].concat()
            }
        };
        self.data(self.constants().timestamp.kind, &data)
    }

    /// How many there were.
    pub fn drops(&mut self, drops: u32) -> bool {
        let kind = self.constants().drops;
        kind.is_some_and(|kind| self.data(kind, &drops.to_ne_bytes()))
    }

    /// Says that several datagrams came as one message.
    pub fn segment(&mut self, len: i32) -> bool {
        let kind = self.constants().segment;
        kind.is_some_and(|kind| self.data(kind, &len.to_ne_bytes()))
    }

    /// Something that nobody knows.
    pub fn other(&mut self, message_type: u8, data: &[u8]) -> bool {
        self.data((UNKNOWN_LEVEL, message_type.into()), data)
    }

    /// What has been written.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer.0[..self.len]
    }

    /// Both parts or none.
    fn apart(&mut self, index: u32, destination: Ipv4Addr) -> bool {
        let Telling::Apart {
            interface, address, ..
        } = self.constants().ipv4_telling
        else {
            return false;
        };
        let Ok(index) = u16::try_from(index) else {
            return false;
        };
        let [first, second] = index.to_ne_bytes();
        let before = self.len;
        let is_whole = self.data(interface, &[8, 18, first, second, 6, 0, 0, 0])
            && self.data(address, &destination.octets());
        if !is_whole {
            self.len = before;
        }
        is_whole
    }

    fn small(&mut self, kind: (c_int, c_int), value: u8, as_byte: bool) -> bool {
        if as_byte {
            self.data(kind, &[value])
        } else {
            self.data(kind, &c_int::from(value).to_ne_bytes())
        }
    }

    fn data(&mut self, kind: (c_int, c_int), data: &[u8]) -> bool {
        self.write(data.len(), |writer| writer.write(kind, data))
    }

    fn write(&mut self, data_len: usize, write: impl FnOnce(&mut Writer<'_>)) -> bool {
        let layout = self.constants().layout;
        let end = self.len + layout.aligned(layout.header_len() + data_len);
        if end > Buffer::LEN {
            return false;
        }
        let mut writer = Writer::with(self.constants(), &mut self.buffer);
        writer.len = self.len;
        write(&mut writer);
        self.len = writer.finish().len();
        assert_eq!(self.len, end);
        true
    }

    const fn constants(&self) -> &'static Constants {
        self.system.constants()
    }
}

/// A socket address as the kernel reads it.
pub fn name(address: SocketAddr) -> [u8; address::LEN] {
    let mut name = Name([0xff; address::LEN]);
    let len = address::encode(address, &mut name);
    assert!(len <= address::LEN);
    name.0
}

/// A socket address that the kernel wrote.
pub fn address(name: &[u8; address::LEN], family: Family) -> SocketAddr {
    address::decode(name, family)
}

static LINUX_32: Constants = Constants {
    layout: Layout {
        len_bytes: 4,
        align: 4,
    },
    timestamp: Timestamp {
        fraction_bytes: 4,
        ..LINUX.timestamp
    },
    ..LINUX
};
const SPLIT: (c_int, c_int) = (17, 103); // SOL_UDP, UDP_SEGMENT
const UNKNOWN_LEVEL: c_int = 1000;
