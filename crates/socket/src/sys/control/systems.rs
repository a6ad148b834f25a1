//! Layouts and numbers of systems, wherever this runs.

use std::ffi::c_int;
use std::time::Duration;

use crate::sys::control::{Constants, HeaderFields, Layout, Telling, Timestamp};
use crate::sys::gather::GATHERED;

/// Linux on 64-bit machines.
pub(super) static LINUX: Constants = Constants {
    layout: Layout {
        len_bytes: 8,
        align: 8,
    },
    ipv4_telling: Telling::Whole,
    ipv4: HeaderFields {
        packet_info: (0, 8),
        hops: (0, 2),
        traffic_class: Some((0, 1)),
        are_sent: true,
    },
    ipv6: HeaderFields {
        packet_info: (41, 50),
        hops: (41, 52),
        traffic_class: Some((41, 67)),
        are_sent: true,
    },
    timestamp: Timestamp {
        kind: (1, 35),
        fraction_bytes: 8,
        unit: Duration::from_nanos(1),
    },
    drops: Some((1, 40)),
    segment: Some((17, 104)),
};

/// Every Apple system: `cmsg_len` is 32 bits wide, alignment is 4.
pub(super) static APPLE: Constants = Constants {
    layout: Layout {
        len_bytes: 4,
        align: 4,
    },
    ipv4_telling: Telling::Whole,
    ipv4: HeaderFields {
        packet_info: (0, 26),
        hops: (0, 24),
        traffic_class: Some((0, 27)),
        are_sent: false,
    },
    ipv6: HeaderFields {
        traffic_class: Some((41, 36)),
        ..KAME
    },
    timestamp: timeval((0xffff, 2), 4),
    drops: None,
    segment: None,
};

/// FreeBSD on 64-bit machines: `cmsg_len` is 32 bits wide, alignment is 8.
pub(super) static FREEBSD: Constants = Constants {
    layout: BERKELEY_64,
    ipv4_telling: Telling::Apart {
        interface: (0, 20),
        address: (0, 7),
        way: None,
    },
    ipv4: HeaderFields {
        packet_info: GATHERED,
        hops: (0, 65),
        traffic_class: Some((0, 68)),
        are_sent: false,
    },
    ipv6: KAME,
    timestamp: timeval((0xffff, 2), 8),
    drops: None,
    segment: None,
};

/// OpenBSD on 64-bit machines.
pub(super) static OPENBSD: Constants = Constants {
    ipv4_telling: Telling::Apart {
        interface: (0, 30),
        address: (0, 7),
        way: None,
    },
    ipv4: HeaderFields {
        packet_info: GATHERED,
        hops: (0, 31),
        traffic_class: None,
        are_sent: false,
    },
    timestamp: timeval((0xffff, 4), 8),
    ..FREEBSD
};

/// NetBSD on 64-bit machines but ARM.
pub(super) static NETBSD: Constants = Constants {
    ipv4_telling: Telling::Apart {
        interface: (0, 20),
        address: (0, 7),
        way: Some((0, 25)),
    },
    ipv4: HeaderFields {
        packet_info: GATHERED,
        hops: (0, 23),
        traffic_class: None,
        are_sent: false,
    },
    timestamp: timeval((0xffff, 8), 4),
    ..FREEBSD
};

/// NetBSD on 64-bit ARM, where alignment is 4.
pub(super) static NETBSD_ARM: Constants = Constants {
    layout: APPLE.layout,
    ..NETBSD
};

/// illumos on all machines but SPARC: as Apple's layout.
pub(super) static ILLUMOS: Constants = Constants {
    ipv4: HeaderFields {
        packet_info: (0, 26),
        hops: (0, 11),
        traffic_class: None,
        are_sent: false,
    },
    ipv6: HeaderFields {
        packet_info: (41, 11),
        hops: (41, 12),
        traffic_class: Some((41, 38)),
        are_sent: true,
    },
    timestamp: timeval((0xffff, 0x1013), 8),
    ..APPLE
};

const BERKELEY_64: Layout = Layout {
    len_bytes: 4,
    align: 8,
};

/// What systems with the IPv6 of the KAME project have in common.
const KAME: HeaderFields = HeaderFields {
    packet_info: (41, 46),
    hops: (41, 47),
    traffic_class: Some((41, 61)),
    are_sent: true,
};

/// `struct timeval`, of which the first part is 64 bits wide everywhere.
const fn timeval(kind: (c_int, c_int), fraction_bytes: usize) -> Timestamp {
    Timestamp {
        kind,
        fraction_bytes,
        unit: Duration::from_micros(1),
    }
}

#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
ifcast_abi::claims! {
    "IPPROTO_IPV6" => LINUX.ipv6.packet_info.0,
    "IPV6_PKTINFO" => LINUX.ipv6.packet_info.1,
    "IPV6_HOPLIMIT" => LINUX.ipv6.hops.1,
    "IPV6_TCLASS" => kind(LINUX.ipv6.traffic_class),
    "IPPROTO_IP" => LINUX.ipv4.hops.0,
    "IP_TTL" => LINUX.ipv4.hops.1,
    "IP_TOS" => kind(LINUX.ipv4.traffic_class),
    "SOL_SOCKET" => LINUX.timestamp.kind.0,
    "CMSG_LEN(0)" => LINUX.layout.header_len(),
    "CMSG_SPACE(1)" => LINUX.layout.header_len() + LINUX.layout.align,
    "IP_PKTINFO" => LINUX.ipv4.packet_info.1,
    "SO_TIMESTAMPNS_OLD" => LINUX.timestamp.kind.1,
}

#[cfg(all(test, target_vendor = "apple", target_pointer_width = "64"))]
ifcast_abi::claims! {
    "IPPROTO_IPV6" => APPLE.ipv6.packet_info.0,
    "IPV6_PKTINFO" => APPLE.ipv6.packet_info.1,
    "IPV6_HOPLIMIT" => APPLE.ipv6.hops.1,
    "IPV6_TCLASS" => kind(APPLE.ipv6.traffic_class),
    "IPPROTO_IP" => APPLE.ipv4.hops.0,
    "IP_RECVTTL" => APPLE.ipv4.hops.1,
    "IP_RECVTOS" => kind(APPLE.ipv4.traffic_class),
    "SOL_SOCKET" => APPLE.timestamp.kind.0,
    "CMSG_LEN(0)" => APPLE.layout.header_len(),
    "CMSG_SPACE(1)" => APPLE.layout.header_len() + APPLE.layout.align,
    "IP_PKTINFO" => APPLE.ipv4.packet_info.1,
    "SCM_TIMESTAMP" => APPLE.timestamp.kind.1,
    "offsetof(struct timeval, tv_usec)" => 8,
    "sizeof(((struct timeval *)0)->tv_usec)" => APPLE.timestamp.fraction_bytes,
}

#[cfg(all(test, target_os = "freebsd", target_pointer_width = "64"))]
ifcast_abi::claims! {
    "IPPROTO_IPV6" => FREEBSD.ipv6.packet_info.0,
    "IPV6_PKTINFO" => FREEBSD.ipv6.packet_info.1,
    "IPV6_HOPLIMIT" => FREEBSD.ipv6.hops.1,
    "IPV6_TCLASS" => kind(FREEBSD.ipv6.traffic_class),
    "IPPROTO_IP" => FREEBSD.ipv4.hops.0,
    "IP_RECVTTL" => FREEBSD.ipv4.hops.1,
    "IP_RECVTOS" => kind(FREEBSD.ipv4.traffic_class),
    "SOL_SOCKET" => FREEBSD.timestamp.kind.0,
    "CMSG_LEN(0)" => FREEBSD.layout.header_len(),
    "CMSG_SPACE(1)" => FREEBSD.layout.header_len() + FREEBSD.layout.align,
    "IP_RECVIF" => interface(FREEBSD.ipv4_telling),
    "IP_RECVDSTADDR" => address(FREEBSD.ipv4_telling),
    "SCM_TIMESTAMP" => FREEBSD.timestamp.kind.1,
    "offsetof(struct timeval, tv_usec)" => 8,
    "sizeof(((struct timeval *)0)->tv_usec)" => FREEBSD.timestamp.fraction_bytes,
}

#[cfg(all(test, target_os = "netbsd", target_pointer_width = "64"))]
ifcast_abi::claims! {
    "IPPROTO_IPV6" => NETBSD.ipv6.packet_info.0,
    "IPV6_PKTINFO" => NETBSD.ipv6.packet_info.1,
    "IPV6_HOPLIMIT" => NETBSD.ipv6.hops.1,
    "IPV6_TCLASS" => kind(NETBSD.ipv6.traffic_class),
    "IPPROTO_IP" => NETBSD.ipv4.hops.0,
    "IP_RECVTTL" => NETBSD.ipv4.hops.1,
    "SOL_SOCKET" => NETBSD.timestamp.kind.0,
    "CMSG_LEN(0)" => NETBSD.layout.header_len(),
    "CMSG_SPACE(1)" => NETBSD.layout.header_len() + NETBSD.layout.align,
    "IP_RECVIF" => interface(NETBSD.ipv4_telling),
    "IP_RECVDSTADDR" => address(NETBSD.ipv4_telling),
    "SCM_TIMESTAMP" => NETBSD.timestamp.kind.1,
    "offsetof(struct timeval, tv_usec)" => 8,
    "sizeof(((struct timeval *)0)->tv_usec)" => NETBSD.timestamp.fraction_bytes,
}

#[cfg(all(test, target_os = "openbsd", target_pointer_width = "64"))]
ifcast_abi::claims! {
    "IPPROTO_IPV6" => OPENBSD.ipv6.packet_info.0,
    "IPV6_PKTINFO" => OPENBSD.ipv6.packet_info.1,
    "IPV6_HOPLIMIT" => OPENBSD.ipv6.hops.1,
    "IPV6_TCLASS" => kind(OPENBSD.ipv6.traffic_class),
    "IPPROTO_IP" => OPENBSD.ipv4.hops.0,
    "IP_RECVTTL" => OPENBSD.ipv4.hops.1,
    "SOL_SOCKET" => OPENBSD.timestamp.kind.0,
    "CMSG_LEN(0)" => OPENBSD.layout.header_len(),
    "CMSG_SPACE(1)" => OPENBSD.layout.header_len() + OPENBSD.layout.align,
    "IP_RECVIF" => interface(OPENBSD.ipv4_telling),
    "IP_RECVDSTADDR" => address(OPENBSD.ipv4_telling),
    "SCM_TIMESTAMP" => OPENBSD.timestamp.kind.1,
    "offsetof(struct timeval, tv_usec)" => 8,
    "sizeof(((struct timeval *)0)->tv_usec)" => OPENBSD.timestamp.fraction_bytes,
}

#[cfg(test)]
const fn kind(kind: Option<(c_int, c_int)>) -> c_int {
    match kind {
        Some((_, kind)) => kind,
        None => panic!("this system has it"),
    }
}

#[cfg(all(
    test,
    any(target_os = "freebsd", target_os = "netbsd", target_os = "openbsd")
))]
const fn interface(telling: Telling) -> c_int {
    match telling {
        Telling::Apart { interface, .. } => interface.1,
        Telling::Whole => panic!("this system tells it apart"),
    }
}

#[cfg(all(
    test,
    any(target_os = "freebsd", target_os = "netbsd", target_os = "openbsd")
))]
const fn address(telling: Telling) -> c_int {
    match telling {
        Telling::Apart { address, .. } => address.1,
        Telling::Whole => panic!("this system tells it apart"),
    }
}
