//! What JSON records are made of; README.md says what they mean.

use std::net::SocketAddr;
use std::time::SystemTime;

use ifcast::{Cast, InterfaceId};
use jiff::Timestamp;
use serde_json::{Value, json};

/// When, in UTC, as RFC 3339 has it.
pub(crate) fn time(at: SystemTime) -> Value {
    Timestamp::try_from(at).map_or(Value::Null, |at| format!("{at:.9}").into())
}

pub(crate) fn interface(id: InterfaceId) -> Value {
    json!({ "index": id.index().get(), "name": id.name().to_string() })
}

pub(crate) const fn cast(cast: Cast) -> &'static str {
    match cast {
        Cast::Unicast => "unicast",
        Cast::DirectedBroadcast => "directed",
        Cast::LimitedBroadcast => "limited",
        Cast::Multicast => "multicast",
    }
}

/// An address without the port, which stands by itself.
pub(crate) fn address(of: SocketAddr) -> Value {
    // With the scope of a link-local one, which says nothing without it.
    match of {
        SocketAddr::V6(of) if of.scope_id() != 0 => format!("{}%{}", of.ip(), of.scope_id()).into(),
        _ => of.ip().to_string().into(),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(
        String::with_capacity(bytes.len() * 2),
        |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        },
    )
}

/// Something that went wrong.
pub(crate) fn error(interface: Option<InterfaceId>, error: &str) -> Value {
    json!({ "type": "error", "interface": interface.map(self::interface), "error": error })
}
