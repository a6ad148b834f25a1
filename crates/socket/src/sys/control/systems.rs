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
