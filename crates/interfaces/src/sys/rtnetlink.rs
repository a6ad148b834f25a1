//! The few rtnetlink messages that tell more of a link than `getifaddrs(3)`
//! (rtnetlink(7)): pure functions over bytes.

#![forbid(unsafe_code)]

use std::net::Ipv4Addr;

use crate::hardware::HardwareAddress;
use crate::id::{InterfaceIndex, InterfaceName};

const HEADER_LEN: usize = 16; // struct nlmsghdr
const ATTRIBUTE_HEADER_LEN: usize = 4; // struct nlattr
const IFINFOMSG_LEN: usize = 16;
const IFADDRMSG_LEN: usize = 8;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLM_F_DUMP: u16 = 0x300;
const AF_INET: u8 = 2;
const NLA_TYPE_MASK: u16 = 0x3fff;
const IFLA_EXT_MASK: u16 = 29;
const IFLA_INFO_KIND: u16 = 1;
const RTEXT_FILTER_SKIP_STATS: u32 = 8;

/// What can be dumped.
#[derive(Clone, Copy)]
pub(crate) enum Dump {
    Links,
    Ipv4Addresses,
}

impl Dump {
    /// The request, numbered `sequence`.
    pub(crate) fn request(self, sequence: u32) -> Vec<u8> {
        let (message_type, len) = match self {
            Self::Links => (libc::RTM_GETLINK, 40u32),
            Self::Ipv4Addresses => (libc::RTM_GETADDR, 24),
        };
        let mut request = Vec::with_capacity(40);
        request.extend(len.to_ne_bytes());
        request.extend(message_type.to_ne_bytes());
        request.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
        request.extend(sequence.to_ne_bytes());
        request.extend(0u32.to_ne_bytes()); // to the kernel
        match self {
            Self::Links => {
                request.extend([0; IFINFOMSG_LEN]);
                request.extend(8u16.to_ne_bytes());
                request.extend(IFLA_EXT_MASK.to_ne_bytes());
                request.extend(RTEXT_FILTER_SKIP_STATS.to_ne_bytes());
            }
            Self::Ipv4Addresses => {
                let mut ifaddrmsg = [0; IFADDRMSG_LEN];
                ifaddrmsg[0] = AF_INET;
                request.extend(ifaddrmsg);
            }
        }
        request
    }
}

/// One netlink message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) message_type: u16,
    pub(crate) sequence: u32,
    pub(crate) interrupted: bool,
    pub(crate) payload: &'a [u8],
}

/// The messages in what one read returned; ends early where it is malformed.
pub(crate) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let len = usize::try_from(u32_at(bytes, 0)?).ok()?;
        let message = Message {
            message_type: u16_at(bytes, 4)?,
            interrupted: u16_at(bytes, 6)? & NLM_F_DUMP_INTR != 0,
            sequence: u32_at(bytes, 8)?,
            payload: bytes.get(HEADER_LEN..len)?,
        };
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
}

/// What `RTM_NEWLINK` says of a link beyond `getifaddrs(3)`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    pub(crate) link_type: u16,
    pub(crate) mtu: Option<u32>,
    pub(crate) master: Option<InterfaceIndex>,
    pub(crate) info_kind: Option<&'a [u8]>,
    pub(crate) hardware_address: Option<HardwareAddress>,
}

impl<'a> Link<'a> {
    /// Decodes the payload of `RTM_NEWLINK`.
    pub(crate) fn parse(payload: &'a [u8]) -> Option<(InterfaceIndex, Self)> {
        let index = InterfaceIndex::new(u32_at(payload, 4)?)?;
        let mut link = Self {
            link_type: u16_at(payload, 2)?,
            ..Self::default()
        };
        for (attribute, value) in attributes(payload.get(IFINFOMSG_LEN..)?) {
            match attribute {
                libc::IFLA_MTU => link.mtu = u32_at(value, 0),
                libc::IFLA_MASTER => {
                    link.master = u32_at(value, 0).and_then(InterfaceIndex::new);
                }
                libc::IFLA_ADDRESS => link.hardware_address = HardwareAddress::new(value),
                libc::IFLA_LINKINFO => {
                    link.info_kind = attributes(value)
                        .find(|(attribute, _)| *attribute == IFLA_INFO_KIND)
                        .map(|(_, kind)| kind.strip_suffix(b"\0").unwrap_or(kind));
                }
                _ => {}
            }
        }
        Some((index, link))
    }
}

/// What `RTM_NEWADDR` says of whose an IPv4 address is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ipv4Owner {
    pub(crate) index: InterfaceIndex,
    pub(crate) address: Ipv4Addr,
    pub(crate) label: InterfaceName,
}

impl Ipv4Owner {
    /// Decodes the payload of `RTM_NEWADDR`; `None` without a label.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let index = InterfaceIndex::new(u32_at(payload, 4)?)?;
        let (mut address, mut label) = (None, None);
        for (attribute, value) in attributes(payload.get(IFADDRMSG_LEN..)?) {
            match attribute {
                libc::IFA_LOCAL => {
                    address = value.try_into().ok().map(|v: [u8; 4]| Ipv4Addr::from(v));
                }
                libc::IFA_LABEL => {
                    label = InterfaceName::new(value.strip_suffix(b"\0").unwrap_or(value)).ok();
                }
                _ => {}
            }
        }
        Some(Self {
            index,
            address: address?,
            label: label?,
        })
    }
}

fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let len = usize::from(u16_at(bytes, 0)?);
        let attribute = u16_at(bytes, 2)? & NLA_TYPE_MASK;
        let value = bytes.get(ATTRIBUTE_HEADER_LEN..len)?;
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((attribute, value))
    })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let value = bytes.get(at..at + 2)?;
    Some(u16::from_ne_bytes(value.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let value = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes(value.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(attribute: u16, value: &[u8]) -> Vec<u8> {
        let len = u16::try_from(ATTRIBUTE_HEADER_LEN + value.len()).unwrap();
        let mut bytes = [len.to_ne_bytes(), attribute.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn message(message_type: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
        let len = u32::try_from(HEADER_LEN + payload.len()).unwrap();
        let mut bytes = len.to_ne_bytes().to_vec();
        bytes.extend([message_type.to_ne_bytes(), flags.to_ne_bytes()].concat());
        bytes.extend([1u32.to_ne_bytes(), 0u32.to_ne_bytes()].concat());
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    /// A 1500-byte Ethernet port of interface 3, made of veth.
    fn veth() -> Vec<u8> {
        let mut payload = vec![0, 0, 1, 0];
        payload.extend(7u32.to_ne_bytes());
        payload.extend([0; 8]);
        payload.extend(attribute(libc::IFLA_IFNAME, b"v0\0"));
        payload.extend(attribute(libc::IFLA_MTU, &1500u32.to_ne_bytes()));
        payload.extend(attribute(libc::IFLA_MASTER, &3u32.to_ne_bytes()));
        payload.extend(attribute(libc::IFLA_ADDRESS, &[2; 20]));
        let kind = attribute(IFLA_INFO_KIND, b"veth\0");
        payload.extend(attribute(libc::IFLA_LINKINFO | 0x8000, &kind));
        payload
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_link_is_decoded_whole() {
        let payload = veth();
        let (index, link) = Link::parse(&payload).unwrap();
        assert_eq!(index.get(), 7);
        assert_eq!(link.link_type, 1);
        assert_eq!(link.mtu, Some(1500));
        assert_eq!(link.master, InterfaceIndex::new(3));
        assert_eq!(link.info_kind, Some(&b"veth"[..]));
        assert_eq!(link.hardware_address, HardwareAddress::new(&[2; 20]));
    }

    #[test]
    fn a_request_is_as_long_as_it_says() {
        for dump in [Dump::Links, Dump::Ipv4Addresses] {
            let request = dump.request(7);
            assert_eq!(u32_at(&request, 0), u32::try_from(request.len()).ok());
            assert_eq!(u32_at(&request, 8), Some(7));
        }
    }

    #[test]
    fn no_truncation_makes_the_parsers_panic() {
        let link = veth();
        let stream = [message(16, 0, &link), message(3, 0x10, &[])].concat();
        for len in 0..=stream.len() {
            for message in messages(&stream[..len]) {
                Link::parse(message.payload);
                Ipv4Owner::parse(message.payload);
            }
        }
        for len in 0..=link.len() {
            Link::parse(&link[..len]);
        }
    }

    #[test]
    fn messages_and_their_interruption_are_told_apart() {
        let stream = [message(16, 0, &[1, 2, 3]), message(3, 0x12, &[])].concat();
        let seen: Vec<_> = messages(&stream)
            .map(|m| (m.message_type, m.interrupted, m.payload.len()))
            .collect();
        assert_eq!(seen, [(16, false, 3), (3, true, 0)]);
    }

    #[test]
    fn an_impossible_length_ends_the_stream() {
        for len in [0u32, 15, 17, u32::MAX] {
            let mut stream = message(16, 0, &[]);
            stream[..4].copy_from_slice(&len.to_ne_bytes());
            assert_eq!(messages(&stream).count(), 0, "{len}");
        }
        assert_eq!(attributes(&[0, 0, 1, 0]).count(), 0);
        assert_eq!(attributes(&[3, 0, 1, 0]).count(), 0);
    }

    #[test]
    fn an_address_names_its_owner_and_label() {
        let mut payload = vec![2, 24, 0, 0];
        payload.extend(7u32.to_ne_bytes());
        payload.extend(attribute(libc::IFA_LOCAL, &[10, 71, 0, 2]));
        payload.extend(attribute(libc::IFA_LABEL, b"printer\0"));
        let owner = Ipv4Owner::parse(&payload).unwrap();
        assert_eq!(owner.index.get(), 7);
        assert_eq!(owner.address, Ipv4Addr::new(10, 71, 0, 2));
        assert_eq!(owner.label.as_bytes(), b"printer");
    }
}
