//! Interfaces that a host makes for itself: no cable leads to them.

use std::io;
use std::net::Ipv4Addr;

use crate::address::{AddressOptions, Prefixed};
use crate::fault::{OrPanic, await_that};
use crate::host::Host;
use crate::nic::Nic;
use crate::rtnetlink::{self, VethEnd};
use crate::sys::{Layer, Tun};

/// A kind of interface, and what the kernel must be told to make one; see [`Host::try_add_link`].
#[derive(Clone, Copy, Debug)]
pub enum LinkKind<'a> {
    /// One that needs to be told nothing, by the kernel's name for it: `"ifb"`, `"dummy"`, `"bond"`, `"wireguard"`, ...
    Plain(&'a str),
    /// A VLAN.
    Vlan {
        /// The interface whose tagged frames it takes.
        parent: &'a Nic,
        /// The tag: 1 to 4094.
        id: u16,
    },
    /// An Ethernet inside UDP that knows no other end: what is sent into it is lost.
    Vxlan {
        /// The network identifier, below 2²⁴.
        id: u32,
    },
    /// A macvlan whose frames a program reads and writes.
    Macvtap {
        /// The interface that it is on top of.
        parent: &'a Nic,
    },
}

impl Host {
    /// Returns a handle to an interface of this host, however it came to be, by any of its names; `lo`
    /// is one.
    #[must_use]
    #[track_caller]
    pub fn nic(&self, name: &str) -> Nic {
        let link = self
            .link_named(name)
            .or_panic(format_args!("find {name} on {self:?}"));
        Nic::of_host(self, link)
    }

    /// Makes a bridge with these ports, up and forwarding, and returns its index.
    #[track_caller]
    pub fn add_bridge(&self, name: &str, ports: &[&Nic]) -> u32 {
        self.try_add_bridge(name, ports)
            .or_panic(format_args!("add bridge {name} to {self:?}"))
    }

    /// Makes a veth pair with both ends on this host, down and without addresses, and returns their indexes.
    #[track_caller]
    pub fn add_veth(&self, left: &str, right: &str) -> (u32, u32) {
        self.try_add_cable(self, [left, right], false)
            .or_panic(format_args!("add a veth pair to {self:?}"))
    }

    /// Makes `count` veth pairs as [`add_veth`](Self::add_veth) does, named after `prefix` and a number: of `"x"` the first
    /// pair is `x0` and `x1`, the second `x2` and `x3`.
    #[track_caller]
    pub fn add_veths(&self, prefix: &str, count: usize) -> Vec<[Nic; 2]> {
        let mut pairs = Vec::with_capacity(count);
        for pair in 0..count {
            let [left, right] = [2 * pair, 2 * pair + 1].map(|n| format!("{prefix}{n}"));
            self.add_veth(&left, &right);
            pairs.push([self.nic(&left), self.nic(&right)]);
        }
        pairs
    }

    /// Makes `count` veth pairs as [`add_veths`](Self::add_veths) does, but the right end of each on `other`: cables between
    /// two hosts, for those who measure. There is no switch that takes its time, and what is handed over in one call to be
    /// cut up (UDP_SEGMENT) crosses as one giant frame, as to a device that does the cutting.
    #[track_caller]
    pub fn add_cables(&self, other: &Self, prefix: &str, count: usize) -> Vec<[Nic; 2]> {
        let mut cables = Vec::with_capacity(count);
        for cable in 0..count {
            let [left, right] = [2 * cable, 2 * cable + 1].map(|n| format!("{prefix}{n}"));
            self.try_add_cable(other, [&left, &right], true)
                .or_panic(format_args!("lay a cable from {self:?} to {other:?}"));
            cables.push([self.nic(&left), other.nic(&right)]);
        }
        cables
    }

    /// Makes an interface of this kind, down and without addresses, and returns its index.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::Unsupported`] where the kernel does not have the kind; those of making it.
    pub fn try_add_link(&self, name: &str, kind: LinkKind<'_>) -> io::Result<u32> {
        let index = self.next_index();
        let request = match kind {
            LinkKind::Plain(kind) => rtnetlink::new_plain(kind, name, index),
            LinkKind::Vlan { parent, id } => rtnetlink::new_vlan(name, index, parent.index(), id),
            LinkKind::Vxlan { id } => rtnetlink::new_vxlan(name, index, id),
            LinkKind::Macvtap { parent } => rtnetlink::new_macvtap(name, index, parent.index()),
        };
        self.request(request)?;
        self.request(rtnetlink::no_link_local_address(index))?;
        Ok(index)
    }

    /// Makes a macvlan on top of `parent`, up, and returns its index; parent and child never hear each other.
    #[track_caller]
    pub fn add_macvlan(&self, name: &str, parent: &Nic) -> u32 {
        let index = self.next_index();
        self.request(rtnetlink::new_macvlan(name, index, parent.index()))
            .and_then(|()| self.request(rtnetlink::no_link_local_address(index)))
            .and_then(|()| self.request(rtnetlink::set_up(index, true)))
            .and_then(|()| await_that(|| Ok(self.link(index)?.carries_frames())))
            .or_panic(format_args!("add macvlan {name} to {self:?}"));
        index
    }

    /// Makes a point-to-point tunnel interface, up, and returns its index; what is sent into it is lost.
    ///
    /// It needs read and write permission on `/dev/net/tun`, which most systems, but not all, give to everybody.
    #[track_caller]
    pub fn add_tun(&self, name: &str, local: Ipv4Addr, peer: Ipv4Addr) -> u32 {
        self.try_add_tun(name, local, peer)
            .or_panic(format_args!("add tunnel {name} to {self:?}"))
    }

    /// Makes a tunnel as [`add_tun`](Self::add_tun) does, if that is permitted here.
    ///
    /// # Errors
    ///
    /// Those of opening `/dev/net/tun` and of configuring the interface.
    pub fn try_add_tun(&self, name: &str, local: Ipv4Addr, peer: Ipv4Addr) -> io::Result<u32> {
        let index = self.try_add_device(Layer::Ip, name)?;
        let local = Prefixed {
            address: local.into(),
            length: 32,
        };
        let options = AddressOptions {
            peer: Some(peer.into()),
            ..AddressOptions::default()
        };
        self.request(rtnetlink::new_address(index, local, &options))?;
        Ok(index)
    }

    /// Makes a tap interface, an Ethernet of which this is the only end, up, and returns its index; what is sent into it
    /// is lost.
    ///
    /// # Errors
    ///
    /// Those of opening `/dev/net/tun`, as with [`add_tun`](Self::add_tun), and of configuring the interface.
    pub fn try_add_tap(&self, name: &str) -> io::Result<u32> {
        self.try_add_device(Layer::Ethernet, name)
    }

    /// Makes a tun or tap interface, up.
    fn try_add_device(&self, layer: Layer, name: &str) -> io::Result<u32> {
        let index = self.next_index();
        let tunnel = self.run(|| Tun::create(layer, name, index))?;
        self.keep(tunnel);
        self.request(rtnetlink::no_link_local_address(index))?;
        self.request(rtnetlink::set_up(index, true))?;
        await_that(|| Ok(self.link(index)?.running))?;
        Ok(index)
    }

    fn try_add_cable(
        &self,
        other: &Self,
        [left, right]: [&str; 2],
        giants: bool,
    ) -> io::Result<(u32, u32)> {
        let [left, right] = [(self, left), (other, right)].map(|(host, name)| VethEnd {
            name,
            index: host.next_index(),
            bridge: None,
            up: false,
            mtu: None,
            giants,
        });
        let there = other.namespace().descriptor();
        self.request(rtnetlink::new_veth(&left, &right, Some(there)))?;
        self.request(rtnetlink::no_link_local_address(left.index))?;
        other.request(rtnetlink::no_link_local_address(right.index))?;
        Ok((left.index, right.index))
    }

    fn try_add_bridge(&self, name: &str, ports: &[&Nic]) -> io::Result<u32> {
        let index = self.next_index();
        self.request(rtnetlink::new_bridge(name, index, false))?;
        self.request(rtnetlink::no_link_local_address(index))?;
        self.request(rtnetlink::set_up(index, true))?;
        let mut carrier = false;
        for port in ports {
            let connected = self.link(port.index())?.running;
            self.request(rtnetlink::set_bridge(port.index(), Some(index)))?;
            if connected {
                await_that(|| Ok(self.link(port.index())?.carries_frames()))?;
            }
            carrier |= connected;
        }
        if carrier {
            await_that(|| Ok(self.link(index)?.running))?;
        }
        Ok(index)
    }
}
