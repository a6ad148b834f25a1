//! What befalls interfaces in real life, with a beginning and an end.

use crate::host::Host;
use crate::nic::Nic;
use crate::segment::Segment;

/// Something that befalls an interface and is over at some time.
///
/// Some lose what was joined on the interface, and some do not; none leaves a trace in the descriptors of a program that
/// had joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It is taken down, and up again.
    Down,
    /// The cable is pulled, and pushed in again.
    Unplugged,
    /// It loses its addresses, and gets others.
    Readdressed,
    /// IPv6 is switched off, and on again.
    WithoutIpv6,
    /// Its MTU becomes too small for IPv6, and is as before.
    SmallMtu,
    /// It gets another name, and the one of before.
    Renamed,
    /// It becomes the port of a bridge, and is freed.
    Bridged,
    /// It is deleted, and made anew with another index.
    MadeAnew,
    /// It is deleted, and made anew with the same index.
    MadeAnewWithIndex,
    /// It is moved to another host, and back.
    Elsewhere,
}

impl Mishap {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Down,
        Self::Unplugged,
        Self::Readdressed,
        Self::WithoutIpv6,
        Self::SmallMtu,
        Self::Renamed,
        Self::Bridged,
        Self::MadeAnew,
        Self::MadeAnewWithIndex,
        Self::Elsewhere,
    ];
}

/// An interface to which a [`Mishap`] may happen: attached to a segment, with an address of each family.
#[derive(Debug)]
pub struct Victim {
    nic: Nic,
    name: String,
    /// Those that it has, and those that it has next.
    addresses: [[String; 2]; 2],
    bridge: u32,
    home: Host,
    elsewhere: Host,
    /// What has begun, and not ended.
    suffers: Option<Mishap>,
}

impl Victim {
    /// Attaches `host` to `segment`, with one IPv4 and one IPv6 address and, for [`Mishap::Readdressed`], two others.
    ///
    /// `elsewhere` is where it may be moved to; there is a bridge of its own on `host`, without ports.
    #[track_caller]
    pub fn attach(
        segment: &Segment,
        host: &Host,
        name: &str,
        addresses: [[&str; 2]; 2],
        elsewhere: &Host,
    ) -> Self {
        let nic = segment.attach(host, name, &addresses[0]);
        Self {
            nic,
            name: name.to_owned(),
            addresses: addresses.map(|pair| pair.map(str::to_owned)),
            bridge: host.add_bridge(&format!("{name}br"), &[]),
            home: host.clone(),
            elsewhere: elsewhere.clone(),
            suffers: None,
        }
    }

    /// Has a mishap begin.
    ///
    /// # Panics
    ///
    /// If another one has not ended.
    #[track_caller]
    pub fn begin(&mut self, mishap: Mishap) {
        let before = self.suffers.replace(mishap);
        assert_eq!(before, None, "{self:?} suffers already");
        match mishap {
            Mishap::Down => self.nic.set_up(false),
            Mishap::Unplugged => self.nic.plug(false),
            Mishap::Readdressed => {
                for address in &self.addresses[0] {
                    self.nic.remove_address(address);
                }
            }
            Mishap::WithoutIpv6 => self.disable_ipv6(true),
            Mishap::SmallMtu => self.nic.set_mtu(1000),
            Mishap::Renamed => self.nic.rename(format!("{}x", self.name)),
            Mishap::Bridged => self.nic.set_bridge(Some(self.bridge)),
            Mishap::MadeAnew | Mishap::MadeAnewWithIndex => self.nic.delete(),
            Mishap::Elsewhere => self.nic = self.nic.move_to(&self.elsewhere),
        }
    }

    /// Has the mishap end that has begun, if one has: the interface is ready again, and has its addresses.
    #[track_caller]
    pub fn end(&mut self) {
        let Some(mishap) = self.suffers.take() else {
            return;
        };
        match mishap {
            Mishap::WithoutIpv6 => self.disable_ipv6(false),
            Mishap::Readdressed => self.addresses.swap(0, 1),
            _ => {}
        }
        let [v4, v6] = &self.addresses[0];
        let nic = &mut self.nic;
        match mishap {
            Mishap::Down => {
                nic.set_up(true);
                nic.add_address(v6); // which does not survive it
            }
            Mishap::Unplugged => nic.plug(true),
            Mishap::Readdressed => {
                nic.add_address(v4);
                nic.add_address(v6);
            }
            Mishap::WithoutIpv6 => nic.add_address(v6),
            Mishap::SmallMtu => {
                nic.set_mtu(1500);
                nic.add_address(v6);
            }
            Mishap::Renamed => nic.rename(&self.name),
            Mishap::Bridged => nic.set_bridge(None),
            Mishap::MadeAnew => nic.recreate(&[v4, v6]),
            Mishap::MadeAnewWithIndex => nic.recreate_with_index(&[v4, v6]),
            Mishap::Elsewhere => {
                *nic = nic.move_to(&self.home);
                nic.set_up(true);
                nic.add_address(v4);
                nic.add_address(v6);
            }
        }
    }
    /// What has begun and not ended.
    #[must_use]
    pub const fn suffers(&self) -> Option<Mishap> {
        self.suffers
    }

    /// The interface, as it is now or last was.
    #[must_use]
    pub const fn nic(&self) -> &Nic {
        &self.nic
    }

    /// The addresses that it has when it suffers nothing.
    #[must_use]
    pub const fn addresses(&self) -> &[String; 2] {
        &self.addresses[0]
    }

    fn disable_ipv6(&self, disabled: bool) {
        let setting = format!("net/ipv6/conf/{}/disable_ipv6", self.name);
        self.home.sysctl(&setting, if disabled { "1" } else { "0" });
    }
}
