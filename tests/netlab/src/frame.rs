//! Ethernet frames, as a capture shows them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::checksum::internet_sum;
use crate::membership::MembershipMessage;

/// An Ethernet frame that crossed a segment or an interface, from the destination address on.
///
/// Checksums that a sender leaves to its hardware are filled in.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    bytes: Vec<u8>,
}

impl Frame {
    /// Takes a frame with the `struct virtio_net_hdr` that comes with it.
    pub(crate) fn new(virtio_header: &[u8], frame: &[u8]) -> Self {
        let mut bytes = frame.to_vec();
        complete_checksum(virtio_header, &mut bytes);
        Self { bytes }
    }

    /// The whole frame.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hardware address of the receiver.
    #[must_use]
    pub fn destination(&self) -> [u8; 6] {
        self.chunk(0).unwrap_or_default()
    }

    /// The hardware address of the sender.
    #[must_use]
    pub fn source(&self) -> [u8; 6] {
        self.chunk(6).unwrap_or_default()
    }

    /// What the frame carries: `0x0800` is IPv4, `0x86dd` IPv6, `0x0806` ARP.
    #[must_use]
    pub fn ethertype(&self) -> u16 {
        self.u16_at(12).unwrap_or_default()
    }

    /// The IP packet in the frame, if there is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpPacket<'_>> {
        let packet = self.bytes.get(ETHERNET_HEADER..)?;
        match self.ethertype() {
            ETHERTYPE_IPV4 => IpPacket::v4(packet),
            ETHERTYPE_IPV6 => IpPacket::v6(packet),
            _ => None,
        }
    }

    /// The UDP datagram in the frame, if there is a whole one, not a fragment.
    #[must_use]
    pub fn udp(&self) -> Option<UdpDatagram<'_>> {
        let ip = self.ip()?;
        if ip.protocol != PROTOCOL_UDP || ip.fragment {
            return None;
        }
        let port = |at: usize| Some(u16::from_be_bytes(*ip.payload.get(at..)?.first_chunk()?));
        Some(UdpDatagram {
            source: SocketAddr::new(ip.source, port(0)?),
            destination: SocketAddr::new(ip.destination, port(2)?),
            hops: ip.hops,
            payload: ip.payload.get(UDP_HEADER..port(4)?.into())?,
        })
    }

    /// The IGMP or MLD message in the frame, if there is a whole one with a correct checksum.
    #[must_use]
    pub fn membership(&self) -> Option<MembershipMessage> {
        MembershipMessage::decode(&self.ip()?)
    }

    fn chunk<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    fn u16_at(&self, at: usize) -> Option<u16> {
        self.chunk(at).map(u16::from_be_bytes)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Frame");
        match (self.udp(), self.membership(), self.ip()) {
            (Some(udp), ..) => f.field("udp", &udp),
            (_, Some(message), _) => f.field("membership", &message),
            (.., Some(ip)) => f.field("ip", &ip),
            _ => f
                .field("ethertype", &format_args!("{:#06x}", self.ethertype()))
                .field("bytes", &self.bytes),
        }
        .finish()
    }
}

/// An IP packet in a [`Frame`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IpPacket<'a> {
    /// The sender's address.
    pub source: IpAddr,
    /// The address it was sent to.
    pub destination: IpAddr,
    /// The protocol of the payload, behind IPv6 extension headers: 17 is UDP, 2 IGMP, 58 ICMPv6 and with it MLD.
    pub protocol: u8,
    /// The time to live or the hop limit.
    pub hops: u8,
    /// The type of service or the traffic class.
    pub traffic_class: u8,
    /// Whether this is only a part of a packet.
    pub fragment: bool,
    /// Whether routers on the way are to look at it (RFC 2113, RFC 2711), as at all messages about memberships.
    pub router_alert: bool,
    /// What follows the headers.
    pub payload: &'a [u8],
}

impl<'a> IpPacket<'a> {
    fn v4(packet: &'a [u8]) -> Option<Self> {
        let header: &[u8; 20] = packet.first_chunk()?;
        let header_length = usize::from(header[0] & 0xf) * 4;
        let total_length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let fragment = u16::from_be_bytes([header[6], header[7]]) & 0x3fff != 0;
        Some(Self {
            source: Ipv4Addr::new(header[12], header[13], header[14], header[15]).into(),
            destination: Ipv4Addr::new(header[16], header[17], header[18], header[19]).into(),
            protocol: header[9],
            hops: header[8],
            traffic_class: header[1],
            fragment,
            router_alert: has_router_alert(packet.get(20..header_length)?, &V4_OPTIONS),
            // An Ethernet frame may be padded beyond the packet.
            payload: packet.get(header_length..total_length)?,
        })
    }

    fn v6(packet: &'a [u8]) -> Option<Self> {
        let header: &[u8; 40] = packet.first_chunk()?;
        let address = |at: usize| -> Option<IpAddr> {
            let octets: [u8; 16] = *header.get(at..)?.first_chunk()?;
            Some(Ipv6Addr::from(octets).into())
        };
        let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
        let mut payload = packet.get(header.len()..header.len() + length)?;
        let mut protocol = header[6];
        let (mut fragment, mut router_alert) = (false, false);
        loop {
            let extension = match protocol {
                HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => 8 + usize::from(*payload.get(1)?) * 8,
                FRAGMENT => {
                    fragment = true;
                    8
                }
                _ => break,
            };
            if protocol == HOP_BY_HOP {
                router_alert = has_router_alert(payload.get(2..extension)?, &V6_OPTIONS);
            }
            protocol = *payload.first()?;
            payload = payload.get(extension..)?;
            if fragment {
                break; // what follows is payload, and in later fragments not even a header
            }
        }
        Some(Self {
            source: address(8)?,
            destination: address(24)?,
            protocol,
            hops: header[7],
            traffic_class: header[0] << 4 | header[1] >> 4,
            fragment,
            router_alert,
            payload,
        })
    }
}

/// How the options of a header are written.
struct OptionFormat {
    router_alert: u8,
    padding: u8,
    end: Option<u8>,
    /// How much longer an option is than its length field says.
    uncounted: usize,
}

/// Whether a router alert is among the options of a header.
fn has_router_alert(mut options: &[u8], format: &OptionFormat) -> bool {
    while let [kind, rest @ ..] = options {
        if Some(*kind) == format.end {
            return false;
        }
        if *kind == format.router_alert {
            return true;
        }
        let length = match rest.first() {
            _ if *kind == format.padding => 1,
            Some(length) => usize::from(*length) + format.uncounted,
            None => return false,
        };
        options = options.get(length.max(1)..).unwrap_or_default();
    }
    false
}

/// A UDP datagram in a [`Frame`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UdpDatagram<'a> {
    /// The sender's address and port.
    pub source: SocketAddr,
    /// The address and port it was sent to.
    pub destination: SocketAddr,
    /// The time to live or the hop limit.
    pub hops: u8,
    /// What was sent.
    pub payload: &'a [u8],
}

/// Fills in a checksum that the sender's kernel has left to hardware: `virtio_net_hdr` says where it starts and where
/// it goes, and the place holds the sum of the pseudo header so far.
fn complete_checksum(virtio_header: &[u8], frame: &mut [u8]) {
    let [flags, .., s0, s1, o0, o1] = *virtio_header else {
        return;
    };
    if flags & NEEDS_CHECKSUM == 0 {
        return;
    }
    let start = usize::from(u16::from_ne_bytes([s0, s1]));
    let place = start + usize::from(u16::from_ne_bytes([o0, o1]));
    let Some(covered) = frame.get(start..) else {
        return;
    };
    let sum = !internet_sum(covered);
    // UDP says "no checksum" with zero, and zero with its other representation (RFC 768).
    let sum = if sum == 0 { u16::MAX } else { sum };
    if let Some(place) = frame.get_mut(place..place + 2) {
        place.copy_from_slice(&sum.to_be_bytes());
    }
}

const ETHERNET_HEADER: usize = 14;
const UDP_HEADER: usize = 8;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const PROTOCOL_UDP: u8 = 17;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const DESTINATION_OPTIONS: u8 = 60;
const NEEDS_CHECKSUM: u8 = 1;
/// RFC 791, section 3.1.
const V4_OPTIONS: OptionFormat = OptionFormat {
    router_alert: 148,
    padding: 1,
    end: Some(0),
    uncounted: 0,
};
/// RFC 8200, section 4.2.
const V6_OPTIONS: OptionFormat = OptionFormat {
    router_alert: 5,
    padding: 0,
    end: None,
    uncounted: 2,
};

#[cfg(test)]
mod tests {
    use super::*;

    /// 10.0.0.1:1000 to 10.0.0.255:7, "hi", padded to Ethernet's minimum.
    fn ipv4_frame() -> Vec<u8> {
        let mut bytes = [[0xff; 6], [2; 6]].concat();
        bytes.extend([0x08, 0x00]);
        bytes.extend([0x45, 0, 0, 30, 0, 0, 0x40, 0, 64, 17, 0, 0]);
        bytes.extend([10, 0, 0, 1, 10, 0, 0, 255]);
        bytes.extend([0x03, 0xe8, 0, 7, 0, 10, 0, 0]);
        bytes.extend(b"hi");
        bytes.resize(60, 0);
        bytes
    }

    /// fe80::1 to ff02::16 behind a hop-by-hop header, as MLD reports are sent.
    fn mld_frame() -> Vec<u8> {
        let mut bytes = [[0x33; 6], [2; 6]].concat();
        bytes.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 12, HOP_BY_HOP, 1]);
        bytes.extend("fe80::1".parse::<Ipv6Addr>().unwrap().octets());
        bytes.extend("ff02::16".parse::<Ipv6Addr>().unwrap().octets());
        bytes.extend([58, 0, 5, 2, 0, 0, 1, 0]);
        bytes.extend([143, 0, 0, 0]);
        bytes
    }

    fn frame(bytes: &[u8]) -> Frame {
        Frame::new(&[0; 10], bytes)
    }

    #[test]
    fn a_udp_datagram_is_read_without_the_padding_of_its_frame() {
        let frame = frame(&ipv4_frame());
        let udp = frame.udp().unwrap();
        assert_eq!(udp.source, "10.0.0.1:1000".parse().unwrap());
        assert_eq!(udp.destination, "10.0.0.255:7".parse().unwrap());
        assert_eq!((udp.hops, udp.payload), (64, &b"hi"[..]));
    }

    #[test]
    fn ipv6_extension_headers_are_skipped() {
        let frame = frame(&mld_frame());
        let ip = frame.ip().unwrap();
        assert_eq!((ip.protocol, ip.hops), (58, 1));
        assert_eq!(ip.payload, [143, 0, 0, 0]);
        assert!(ip.router_alert);
        assert_eq!(frame.udp(), None);
    }

    #[test]
    fn a_router_alert_is_found_among_other_options() {
        for (options, format, found) in [
            (&[1, 7, 3, 0, 148, 4, 0, 0][..], &V4_OPTIONS, true),
            (&[0, 148, 4, 0], &V4_OPTIONS, false), // behind the end
            (&[7, 0, 0, 0], &V4_OPTIONS, false),   // of an impossible length
            (&[7], &V4_OPTIONS, false),
            (&[1, 1, 0, 0, 5, 2, 0, 0], &V6_OPTIONS, true),
            (&[1, 4, 5, 2, 0, 0], &V6_OPTIONS, false), // what looks like one is padding
        ] {
            assert_eq!(has_router_alert(options, format), found, "{options:?}");
        }
    }

    #[test]
    fn a_fragment_is_no_datagram() {
        let mut bytes = ipv4_frame();
        bytes[20] = 0x20; // more fragments
        let frame = frame(&bytes);
        assert!(frame.ip().unwrap().fragment);
        assert_eq!(frame.udp(), None);
    }

    #[test]
    fn a_checksum_left_to_hardware_is_filled_in() {
        let mut bytes = ipv4_frame();
        bytes.truncate(44);
        // What the kernel leaves: the sum of the pseudo header (addresses, protocol, length).
        let pseudo = [10, 0, 0, 1, 10, 0, 0, 255, 0, 17, 0, 10];
        bytes[40..42].copy_from_slice(&internet_sum(&pseudo).to_be_bytes());
        let mut header = [0; 10];
        header[0] = NEEDS_CHECKSUM;
        header[6..8].copy_from_slice(&34u16.to_ne_bytes());
        header[8..].copy_from_slice(&6u16.to_ne_bytes());

        let frame = Frame::new(&header, &bytes);

        let covered = [&pseudo, &frame.bytes()[34..]].concat();
        assert_eq!(internet_sum(&covered), 0xffff);
        assert_ne!(frame.bytes()[40..42], [0, 0]);
    }

    #[test]
    fn any_truncation_is_survived() {
        for whole in [ipv4_frame(), mld_frame()] {
            for end in 0..whole.len() {
                let frame = frame(&whole[..end]);
                let _ = (frame.ip(), frame.udp(), frame.source(), frame.ethertype());
            }
        }
    }
}
