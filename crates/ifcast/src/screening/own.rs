//! Knowing one's own datagrams when they come back.

use std::net::{IpAddr, SocketAddr};

use ifcast_socket::{Endpoint, Family};

/// From where a LAN sends: every address of its interfaces with the port of the
/// socket that serves it.
///
/// IPv6 scopes are left out: where two interfaces are on one link, what was sent
/// from a link-local address of one has the scope of the other there.
#[derive(Debug, Default)]
pub(crate) struct OwnSources(Vec<(IpAddr, u16)>); // sorted

impl OwnSources {
    /// Takes note of what the sockets know of their interfaces.
    pub(crate) fn refresh<'e>(&mut self, endpoints: impl Iterator<Item = &'e Endpoint>) {
        self.0.clear();
        for endpoint in endpoints {
            let interfaces = endpoint.interfaces().iter();
            let addresses = interfaces.flat_map(|interface| interface.addresses());
            let addresses = addresses.map(|address| address.ip());
            let family = endpoint.family();
            let addresses = addresses.filter(|address| Family::of(*address) == family);
            self.0
                .extend(addresses.map(|address| (address, endpoint.port())));
        }
        self.0.sort_unstable();
    }

    #[inline]
    pub(crate) fn contains(&self, source: SocketAddr) -> bool {
        self.0.binary_search(&(source.ip(), source.port())).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_and_port_make_it_own_whatever_the_scope() {
        let mut own = OwnSources(vec![
            ("fe80::1".parse().unwrap(), 2222),
            ([10, 71, 0, 1].into(), 2222),
            ([10, 71, 1, 1].into(), 3333),
        ]);
        own.0.sort_unstable();
        for source in ["10.71.0.1:2222", "10.71.1.1:3333", "[fe80::1%7]:2222"] {
            assert!(own.contains(source.parse().unwrap()), "{source}");
        }
        for source in [
            "10.71.0.1:3333", // another program's, or of another interface
            "10.71.0.2:2222",
            "[fe80::2%7]:2222",
            "[::ffff:10.71.0.1]:2222",
        ] {
            assert!(!own.contains(source.parse().unwrap()), "{source}");
        }
    }
}
