//! Layouts and numbers of systems, wherever this runs.

use std::time::Duration;

use crate::sys::control::{Constants, HeaderFields, Layout, Timestamp};

/// Linux on 64-bit machines.
pub(super) static LINUX: Constants = Constants {
    layout: Layout {
        len_bytes: 8,
        align: 8,
    },
    ipv4: HeaderFields {
        packet_info: (0, 8),
        hops: (0, 2),
        traffic_class: (0, 1),
        are_sent: true,
    },
    ipv6: HeaderFields {
        packet_info: (41, 50),
        hops: (41, 52),
        traffic_class: (41, 67),
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
    ipv4: HeaderFields {
        packet_info: (0, 26),
        hops: (0, 24),
        traffic_class: (0, 27),
        are_sent: false,
    },
    ipv6: HeaderFields {
        packet_info: (41, 46),
        hops: (41, 47),
        traffic_class: (41, 36),
        are_sent: true,
    },
    timestamp: Timestamp {
        kind: (0xffff, 2),
        fraction_bytes: 4,
        unit: Duration::from_micros(1),
    },
    drops: None,
    segment: None,
};
