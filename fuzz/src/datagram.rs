//! What may be said of a datagram, and what is to be made of it.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::{Duration, SystemTime};

use arbitrary::Arbitrary;
use ifcast_socket::Family;
use ifcast_socket::fuzzing::{self, Area, Told};

/// Whose layout and numbers.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum System {
    Linux,
    Linux32,
    Apple,
    FreeBsd,
    OpenBsd,
    NetBsd,
    NetBsdArm,
    Illumos,
}

impl From<System> for fuzzing::System {
    fn from(system: System) -> Self {
        match system {
            System::Linux => Self::Linux,
            System::Linux32 => Self::Linux32,
            System::Apple => Self::Apple,
            System::FreeBsd => Self::FreeBsd,
            System::OpenBsd => Self::OpenBsd,
            System::NetBsd => Self::NetBsd,
            System::NetBsdArm => Self::NetBsdArm,
            System::Illumos => Self::Illumos,
        }
    }
}

/// One control message.
#[derive(Arbitrary, Clone, Debug)]
pub enum About {
    PacketInfo(u32, IpAddr),
    Split(u16),
    Hops { hops: u8, as_byte: bool },
    TrafficClass { traffic_class: u8, as_byte: bool },
    Timestamp(Timestamp),
    Drops(u32),
    Segment(i32),
    Unknown(u8, Vec<u8>),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Timestamp {
    pub seconds: u32,
    pub fraction: u32,
    pub as_of_old: bool,
}

impl About {
    /// Whether there was room.
    pub fn write(&self, area: &mut Area) -> bool {
        match *self {
            Self::PacketInfo(interface, source) => area.packet_info(interface, source),
            Self::Split(segment) => area.split(segment),
            Self::Hops { hops, as_byte } => area.hops(hops, as_byte),
            Self::TrafficClass {
                traffic_class,
                as_byte,
            } => area.traffic_class(traffic_class, as_byte),
            Self::Timestamp(Timestamp {
                seconds,
                fraction,
                as_of_old,
            }) => area.timestamp(seconds, fraction, as_of_old),
            Self::Drops(drops) => area.drops(drops),
            Self::Segment(len) => area.segment(len),
            Self::Unknown(message_type, ref data) => area.other(message_type, data),
        }
    }

    /// What is told of it, after all that came before.
    pub fn tell(&self, system: fuzzing::System, family: Family, told: &mut Told) {
        match *self {
            Self::PacketInfo(interface, source) => match (family, source) {
                (Family::V4, IpAddr::V4(source)) if !system.says_local() => {
                    let is_told = interface != 0;
                    told.interface = is_told.then_some(interface);
                    told.destination = is_told.then_some(source.into());
                }
                (Family::V4, IpAddr::V4(source)) => {
                    told.interface = Some(interface);
                    told.destination = Some([0; 4].into()); // which nobody writes
                    told.local = Some(source).filter(|source| !source.is_unspecified());
                }
                (Family::V6, IpAddr::V6(source)) => {
                    told.interface = Some(interface);
                    told.destination = Some(source.into());
                }
                _ => {} // of the other family
            },
            Self::Split(segment) => told.split = Some(segment),
            Self::Hops { hops, .. } => told.hops = Some(hops),
            Self::TrafficClass { traffic_class, .. } => told.traffic_class = Some(traffic_class),
            Self::Timestamp(timestamp) => told.timestamp = Some(timestamp.of(system)),
            Self::Drops(drops) => told.drops = Some(drops),
            Self::Segment(len) => {
                told.segment = u32::try_from(len).ok().and_then(NonZeroU32::new);
            }
            Self::Unknown(..) => {}
        }
    }
}

impl Timestamp {
    fn of(self, system: fuzzing::System) -> SystemTime {
        let fraction = system.unit() * self.fraction;
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.seconds.into()) + fraction
    }
}
