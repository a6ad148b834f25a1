//! Addresses as a person writes them, and what else can be said of one when it is configured.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

/// How an address is configured, beyond its value and prefix length.
///
/// The default is what an administrator gets who says nothing: a computed broadcast address, no label, no peer, and,
/// so that no test waits a second for it, no duplicate address detection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressOptions {
    /// The broadcast address; IPv4 only.
    pub broadcast: Broadcast,
    /// The `IFA_LABEL`, such as `"lan0:1"`; IPv4 only.
    pub label: Option<String>,
    /// The address at the other end of a point-to-point link.
    pub peer: Option<IpAddr>,
    /// Whether IPv6 duplicate address detection runs: the address is then tentative for a second or two.
    pub dad: bool,
    /// Whether an IPv6 address is in use already while duplicate address detection runs (RFC 4429). It needs a writable
    /// `/proc/sys`, and implies `dad`.
    pub optimistic: bool,
    /// Whether an IPv6 address, of a /64, gets a temporary one beside it (RFC 8981), which the kernel chooses, checks for
    /// duplicates and removes with it. It needs a writable `/proc/sys`.
    pub with_temporary: bool,
    /// Whether the address is deprecated from the start: its preferred lifetime is zero.
    pub deprecated: bool,
}

/// The broadcast address configured along with an IPv4 address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Broadcast {
    /// The last address of the subnet; none for /31 and /32, which have no room for it (RFC 3021).
    #[default]
    Computed,
    /// None, as container runtimes leave it.
    None,
    /// This one, be it sensible or not.
    Custom(Ipv4Addr),
}

/// An address and its prefix length, or a destination of that form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prefixed {
    pub(crate) address: IpAddr,
    pub(crate) length: u8,
}

impl Prefixed {
    /// Parses `"10.71.0.1/24"` or `"fd71:0::1/64"`.
    pub(crate) fn parse(text: &str) -> io::Result<Self> {
        let malformed = || {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{text:?} is not of the form address/prefix"),
            )
        };
        let (address, length) = text.split_once('/').ok_or_else(malformed)?;
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let length = length.parse().map_err(|_| malformed())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        if length > longest {
            return Err(malformed());
        }
        Ok(Self { address, length })
    }

    /// The last address of an IPv4 subnet that has room for a broadcast address.
    pub(crate) fn computed_broadcast(self) -> Option<Ipv4Addr> {
        match self.address {
            IpAddr::V4(address) if self.length <= 30 => {
                let host_bits = u32::MAX >> self.length;
                Some(Ipv4Addr::from_bits(address.to_bits() | host_bits))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broadcast(text: &str) -> Option<Ipv4Addr> {
        Prefixed::parse(text).unwrap().computed_broadcast()
    }

    #[test]
    fn the_broadcast_address_follows_from_the_prefix_and_not_from_the_octets() {
        assert_eq!(broadcast("10.0.0.1/30"), Some([10, 0, 0, 3].into()));
        assert_eq!(broadcast("10.0.4.1/22"), Some([10, 0, 7, 255].into()));
        assert_eq!(broadcast("10.0.0.1/8"), Some([10, 255, 255, 255].into()));
        assert_eq!(broadcast("10.0.0.1/0"), Some(Ipv4Addr::BROADCAST));
    }

    #[test]
    fn subnets_of_one_and_two_addresses_and_ipv6_have_no_broadcast_address() {
        for text in ["10.0.0.1/31", "10.0.0.1/32", "fd71::1/64"] {
            assert_eq!(broadcast(text), None, "{text}");
        }
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for text in [
            "",
            "10.0.0.1",
            "10.0.0.1/33",
            "fd71::1/129",
            "10.0.0/8",
            "lan0/8",
            "10.0.0.1/-1",
        ] {
            let error = Prefixed::parse(text).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{text}");
        }
    }
}
