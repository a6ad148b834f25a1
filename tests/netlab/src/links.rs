//! Interfaces that a host makes for itself: no cable leads to them.

use std::io;
use std::net::Ipv4Addr;

use crate::address::{AddressOptions, Prefixed};
use crate::fault::{OrPanic, await_that};
use crate::host::Host;
use crate::nic::Nic;
use crate::rtnetlink::{self, VethEnd};
use crate::sys::Tun;

impl Host {
    /// Returns a handle to an interface of this host, however it came to be, by any of its names; `lo` is
    /// one.
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
        let [left, right] = [left, right].map(|name| VethEnd {
            name,
            index: self.next_index(),
            bridge: None,
            up: false,
            mtu: None,
        });
        self.request(rtnetlink::new_veth(&left, &right, None))
            .and_then(|()| self.request(rtnetlink::no_link_local_address(left.index)))
            .and_then(|()| self.request(rtnetlink::no_link_local_address(right.index)))
            .or_panic(format_args!("add a veth pair to {self:?}"));
        (left.index, right.index)
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
        let index = self.next_index();
        let tunnel = self.run(|| Tun::create(name, index))?;
        self.keep(tunnel);
        let local = Prefixed {
            address: local.into(),
            length: 32,
        };
        let options = AddressOptions {
            peer: Some(peer.into()),
            ..AddressOptions::default()
        };
        self.request(rtnetlink::no_link_local_address(index))?;
        self.request(rtnetlink::set_up(index, true))?;
        self.request(rtnetlink::new_address(index, local, &options))?;
        await_that(|| Ok(self.link(index)?.running))?;
        Ok(index)
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
