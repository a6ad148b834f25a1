//! Settings of an interface: its addresses, and how it presents itself.

use std::{fs, io};

use crate::address::{AddressOptions, Broadcast, Prefixed};
use crate::fault::OrPanic;
use crate::nic::Nic;
use crate::rtnetlink::{self, IFF_ALLMULTI, IFF_MULTICAST, IFF_PROMISC};

/// Something that is either so or not of an interface, and that its host's administrator decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFlag {
    /// It hears what is addressed to others; `IFF_PROMISC`.
    Promiscuous,
    /// It hears every multicast; `IFF_ALLMULTI`.
    AllMulticast,
    /// It takes part in multicast at all, which most kinds do unless told otherwise; `IFF_MULTICAST`.
    Multicast,
}

impl Nic {
    /// The hardware address.
    ///
    /// # Panics
    ///
    /// If there is none of six bytes, as on a tunnel.
    #[must_use]
    #[track_caller]
    pub fn hardware_address(&self) -> [u8; 6] {
        self.ethernet_address()
            .or_panic(format_args!("read the hardware address of {self:?}"))
    }

    pub(crate) fn ethernet_address(&self) -> io::Result<[u8; 6]> {
        let link = self.host().link(self.index())?;
        link.hardware_address
            .ok_or_else(|| io::Error::other("it has no Ethernet address"))
    }

    /// Adds an address in the form that [`Segment::attach`](crate::Segment::attach) takes.
    #[track_caller]
    pub fn add_address(&self, address: &str) {
        self.add_address_with(address, AddressOptions::default());
    }

    /// Adds an address with options of your choice.
    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "options are written where they are used"
    )]
    pub fn add_address_with(&self, address: &str, options: AddressOptions) {
        self.allow(&options)
            .and_then(|()| Prefixed::parse(address))
            .map(|local| rtnetlink::new_address(self.index(), local, &options))
            .and_then(|request| self.host().request(request))
            .or_panic(format_args!("add {address} to {self:?}"));
    }

    /// Changes in place what the kernel lets be changed of an address: whether it is deprecated, and of an IPv6 address
    /// also its peer and whether it has a temporary one beside it.
    ///
    /// What the options do not ask for is as if it had never been asked for, except that broadcast address and label stay
    /// as they are, and that duplicate address detection is not run again. An address that is not there is added.
    ///
    /// # Panics
    ///
    /// If the options ask for a broadcast address or a label: the kernel would not even say that it ignores them.
    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "options are written where they are used"
    )]
    pub fn change_address(&self, address: &str, options: AddressOptions) {
        assert!(
            options.label.is_none() && options.broadcast == Broadcast::Computed,
            "cannot change label or broadcast address of {address} of {self:?}: they stay as they are"
        );
        self.allow(&options)
            .and_then(|()| Prefixed::parse(address))
            .map(|local| rtnetlink::change_address(self.index(), local, &options))
            .and_then(|request| self.host().request(request))
            .or_panic(format_args!("change {address} of {self:?}"));
    }

    /// Adds many addresses.
    ///
    /// Thousands take a fraction of a second, except IPv6 addresses on an interface that is up and hears multicast: with
    /// each of them the kernel goes through the groups of all others, so add those while it is down, or to `lo`.
    #[track_caller]
    pub fn add_addresses(&self, addresses: impl IntoIterator<Item: AsRef<str>>) {
        for address in addresses {
            self.add_address(address.as_ref());
        }
    }

    /// Removes many addresses, the last one first: they may be given in the order in which they were added, although the
    /// kernel removes with the first IPv4 address of a subnet all others.
    #[track_caller]
    pub fn remove_addresses(&self, addresses: impl IntoIterator<Item: AsRef<str>>) {
        let mut addresses: Vec<_> = addresses.into_iter().collect();
        while let Some(address) = addresses.pop() {
            self.remove_address(address.as_ref());
        }
    }

    /// Removes an address, whatever options it was added with.
    #[track_caller]
    pub fn remove_address(&self, address: &str) {
        Prefixed::parse(address)
            .map(|local| rtnetlink::delete_address(self.index(), local))
            .and_then(|request| self.host().request(request))
            .or_panic(format_args!("remove {address} from {self:?}"));
    }

    /// Sets the MTU; below 1280 the kernel takes IPv6 off the interface.
    #[track_caller]
    pub fn set_mtu(&self, mtu: u32) {
        self.host()
            .request(rtnetlink::set_mtu(self.index(), mtu))
            .or_panic(format_args!("set the MTU of {self:?} to {mtu}"));
    }

    /// Sets the hardware address.
    #[track_caller]
    pub fn set_hardware_address(&self, address: [u8; 6]) {
        self.host()
            .request(rtnetlink::set_hardware_address(self.index(), address))
            .or_panic(format_args!("set the hardware address of {self:?}"));
    }

    /// Sets or clears a flag.
    #[track_caller]
    pub fn set_flag(&self, flag: LinkFlag, on: bool) {
        let bit = match flag {
            LinkFlag::Promiscuous => IFF_PROMISC,
            LinkFlag::AllMulticast => IFF_ALLMULTI,
            LinkFlag::Multicast => IFF_MULTICAST,
        };
        self.host()
            .request(rtnetlink::set_flag(self.index(), bit, on))
            .or_panic(format_args!("set {flag:?} of {self:?}: {on}"));
    }

    /// Makes the interface, which is up and plugged in, pass no packets until somebody is satisfied, as a supplicant is
    /// once it has authenticated (IEEE 802.1X, WPA); or lets them pass.
    #[track_caller]
    pub fn set_dormant(&self, dormant: bool) {
        self.host()
            .request(rtnetlink::set_dormant(self.index(), dormant))
            .or_panic(format_args!("set {self:?} dormant: {dormant}"));
    }

    /// Adds an alternative name of up to 127 bytes, by which [`Host::nic`](crate::Host::nic) finds it too; since Linux
    /// 5.5.
    #[track_caller]
    pub fn add_alternative_name(&self, name: impl AsRef<[u8]>) {
        let name = name.as_ref();
        self.host()
            .request(rtnetlink::add_alternative_name(self.index(), name))
            .or_panic(format_args!("name {self:?} {} too", name.escape_ascii()));
    }

    /// Removes an alternative name.
    #[track_caller]
    pub fn remove_alternative_name(&self, name: impl AsRef<[u8]>) {
        let name = name.as_ref();
        self.host()
            .request(rtnetlink::remove_alternative_name(self.index(), name))
            .or_panic(format_args!(
                "no longer name {self:?} {}",
                name.escape_ascii()
            ));
    }

    /// Turns on what the kernel otherwise ignores in silence.
    fn allow(&self, options: &AddressOptions) -> io::Result<()> {
        for (wanted, setting, value) in [
            (options.optimistic, "optimistic_dad", "1"),
            (options.with_temporary, "use_tempaddr", "2"),
        ] {
            if wanted {
                let file = format!("/proc/sys/net/ipv6/conf/{}/{setting}", self.name());
                self.host().run(|| fs::write(file, value))?;
            }
        }
        Ok(())
    }
}
