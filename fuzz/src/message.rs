//! rtnetlink's messages, of so few interfaces and addresses that most of them
//! tell of the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arbitrary::Arbitrary;

/// Something that the kernel says.
#[derive(Arbitrary, Clone, Debug)]
pub enum Message {
    Link(Link),
    LinkGone(Index),
    Address(Address),
    AddressGone(Address),
    Joined(Index, Group),
    Left(Index, Group),
    /// A wireless driver did something, which is not to change anything.
    Wireless(Index, Name),
}

/// One of a few interfaces.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Index {
    One = 1,
    Two,
    Three,
    Thousand = 1000,
}

#[derive(Arbitrary, Clone, Debug)]
pub struct Link {
    pub index: Index,
    pub name: Name,
    pub kind: Kind,
    pub is_up: bool,
    pub is_running: bool,
    pub mtu: u8,
    pub master: Option<Index>,
    pub lower: Option<Index>,
    pub hardware_address: Option<u8>,
    pub alternative_name: Option<Name>,
}

/// One of a few names.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    A,
    B,
    C,
    D,
    E,
}

/// What an interface is made of, which never changes.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Card,
    Veth,
    Tunnel,
}

#[derive(Arbitrary, Clone, Debug)]
pub struct Address {
    pub index: Index,
    pub at: At,
    pub prefix: Prefix,
    pub peer: Option<At>,
    pub broadcast: Option<u8>,
    pub label: Option<Label>,
    pub scope: Scope,
    /// `IFA_F_SECONDARY` and `IFA_F_TEMPORARY` to `IFA_F_TENTATIVE`.
    pub flags: u8,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    V4(Host),
    V6Global(Host),
    V6Link(Host),
}

/// One of a few hosts of a subnet.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    One = 1,
    Two,
    Three,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    Subnet,
    Half,
    Whole,
}

/// The interface's name, perhaps with something behind it, or any other.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    pub name: Name,
    pub number: Option<u8>,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Global = 0,
    Link = 253,
    Host = 254,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    All,
    Dns,
    All6,
}

impl Message {
    /// The message as the kernel sends it.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Link(link) => message(RTM_NEWLINK, &link.payload()),
            Self::LinkGone(index) => message(RTM_DELLINK, &link_header(*index, 0, 0)),
            Self::Address(address) => message(RTM_NEWADDR, &address.payload()),
            Self::AddressGone(address) => message(RTM_DELADDR, &address.payload()),
            Self::Joined(index, group) => message(RTM_NEWMULTICAST, &group.payload(*index)),
            Self::Left(index, group) => message(RTM_DELMULTICAST, &group.payload(*index)),
            Self::Wireless(index, name) => {
                let mut payload = link_header(*index, ARPHRD_ETHER, IFF_BROADCAST);
                payload.extend(attribute(IFLA_IFNAME, name.text().as_bytes()));
                payload.extend(attribute(IFLA_WIRELESS, &[0; 16]));
                message(RTM_NEWLINK, &payload)
            }
        }
    }

    /// The message in which a listing says the same, for what is there.
    pub fn to_listed_bytes(&self) -> Vec<u8> {
        match self {
            Self::Joined(index, group) => message(RTM_GETMULTICAST, &group.payload(*index)),
            _ => self.to_bytes(),
        }
    }
}

impl Link {
    fn payload(&self) -> Vec<u8> {
        let (link_type, info_kind, flags) = match self.kind {
            Kind::Card => (ARPHRD_ETHER, None, IFF_BROADCAST | IFF_MULTICAST),
            Kind::Veth => (ARPHRD_ETHER, Some("veth"), IFF_BROADCAST | IFF_MULTICAST),
            Kind::Tunnel => (ARPHRD_NONE, Some("tun"), IFF_POINTOPOINT),
        };
        let up = if self.is_up { IFF_UP } else { 0 };
        let running = if self.is_running {
            IFF_RUNNING | IFF_LOWER_UP
        } else {
            0
        };
        let state = if self.is_running { 6 } else { 2 };
        let mut payload = link_header(self.index, link_type, flags | up | running);
        payload.extend(attribute(IFLA_IFNAME, self.name.text().as_bytes()));
        payload.extend(attribute(IFLA_MTU, &u32::from(self.mtu).to_ne_bytes()));
        payload.extend(attribute(IFLA_OPERSTATE, &[state]));
        if let Some(last) = self.hardware_address {
            payload.extend(attribute(IFLA_ADDRESS, &[2, 0, 0, 0, 0, last]));
        }
        for (kind, other) in [(IFLA_MASTER, self.master), (IFLA_LINK, self.lower)] {
            if let Some(other) = other {
                payload.extend(attribute(kind, &(other as u32).to_ne_bytes()));
            }
        }
        if let Some(kind) = info_kind {
            let kind = attribute(IFLA_INFO_KIND, kind.as_bytes());
            payload.extend(attribute(IFLA_LINKINFO, &kind));
        }
        if let Some(name) = self.alternative_name {
            let name = format!("also known as {}\0", name.text());
            let names = attribute(IFLA_ALT_IFNAME, name.as_bytes());
            payload.extend(attribute(IFLA_PROP_LIST, &names));
        }
        payload
    }
}

impl Name {
    fn text(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::D => "d",
            Self::E => "e",
        }
    }
}

impl Address {
    pub fn is_v4(&self) -> bool {
        matches!(self.at, At::V4(_))
    }

    /// The other end, which is of the same family and not this one.
    pub fn peer(&self) -> Option<At> {
        let peer = self.peer.filter(|peer| *peer != self.at);
        peer.filter(|peer| peer.ip().is_ipv4() == self.is_v4())
    }

    /// Whether the kernel takes both for the same address of an interface.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let is_alike = || (self.prefix, self.peer()) == (other.prefix, other.peer());
        self.at == other.at && (!self.is_v4() || is_alike())
    }

    /// Where an IPv4 address stands among the others.
    pub fn rank(&self) -> (bool, u8) {
        match self.flags & IFA_F_SECONDARY != 0 {
            true => (true, 0),
            false => (false, u8::MAX - self.scope as u8),
        }
    }

    fn payload(&self) -> Vec<u8> {
        let (family, prefix_len) = match (self.is_v4(), self.prefix) {
            (true, Prefix::Subnet) => (AF_INET, 24),
            (true, Prefix::Half) => (AF_INET, 16),
            (true, Prefix::Whole) => (AF_INET, 32),
            (false, Prefix::Subnet) => (AF_INET6, 64),
            (false, Prefix::Half) => (AF_INET6, 32),
            (false, Prefix::Whole) => (AF_INET6, 128),
        };
        let mut payload = vec![family, prefix_len, self.flags, self.scope as u8];
        payload.extend((self.index as u32).to_ne_bytes());
        payload.extend(attribute(IFA_LOCAL, &bytes(self.at.ip())));
        let other = self.peer().unwrap_or(self.at);
        payload.extend(attribute(IFA_ADDRESS, &bytes(other.ip())));
        if self.is_v4() {
            if let Some(last) = self.broadcast {
                payload.extend(attribute(IFA_BROADCAST, &[10, 71, 0, last]));
            }
            if let Some(label) = self.label {
                let number = label.number.map(|number| format!(":{number}"));
                let text = format!("{}{}\0", label.name.text(), number.unwrap_or_default());
                payload.extend(attribute(IFA_LABEL, text.as_bytes()));
            }
        }
        payload.extend(attribute(IFA_FLAGS, &u32::from(self.flags).to_ne_bytes()));
        payload
    }
}

impl At {
    fn ip(self) -> IpAddr {
        match self {
            Self::V4(host) => Ipv4Addr::new(10, 71, 0, host as u8).into(),
            Self::V6Global(host) => Ipv6Addr::new(0xfd71, 0, 0, 0, 0, 0, 0, host as u16).into(),
            Self::V6Link(host) => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, host as u16).into(),
        }
    }
}

impl Group {
    fn payload(self, index: Index) -> Vec<u8> {
        let group: IpAddr = match self {
            Self::All => [224, 0, 0, 1].into(),
            Self::Dns => [224, 0, 0, 251].into(),
            Self::All6 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1).into(),
        };
        let family = if group.is_ipv4() { AF_INET } else { AF_INET6 };
        let mut payload = vec![family, 0, 0, 0];
        payload.extend((index as u32).to_ne_bytes());
        payload.extend(attribute(IFA_MULTICAST, &bytes(group)));
        payload
    }
}

fn bytes(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn link_header(index: Index, link_type: u16, flags: u32) -> Vec<u8> {
    let mut header = vec![0, 0];
    header.extend(link_type.to_ne_bytes());
    header.extend([index as u32, flags, 0].map(u32::to_ne_bytes).concat());
    header
}

fn message(message_type: u16, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(16 + payload.len()).expect("short");
    let mut bytes = len.to_ne_bytes().to_vec();
    bytes.extend(message_type.to_ne_bytes());
    bytes.extend([0; 10]); // flags, sequence, sender
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn attribute(attribute: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(4 + value.len()).expect("short");
    let mut bytes = [len.to_ne_bytes(), attribute.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const ARPHRD_ETHER: u16 = 1;
const ARPHRD_NONE: u16 = 65534;
const IFF_UP: u32 = 0x1;
const IFF_BROADCAST: u32 = 0x2;
const IFF_POINTOPOINT: u32 = 0x10;
const IFF_RUNNING: u32 = 0x40;
const IFF_MULTICAST: u32 = 0x1000;
const IFF_LOWER_UP: u32 = 0x10000;
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWMULTICAST: u16 = 56;
const RTM_DELMULTICAST: u16 = 57;
const RTM_GETMULTICAST: u16 = 58;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_WIRELESS: u16 = 11;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
const IFLA_INFO_KIND: u16 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_BROADCAST: u16 = 4;
const IFA_MULTICAST: u16 = 7;
const IFA_FLAGS: u16 = 8;
const IFA_F_SECONDARY: u8 = 0x01;
