//! A kernel whose messages agree with each other and with its listings.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::message::{Address, Group, Index, Label, Link, Message};

/// What there is, and what was said of it that nobody has read yet.
#[derive(Debug, Default)]
pub struct Kernel {
    links: BTreeMap<Index, Owner>,
    pub unread: VecDeque<Vec<u8>>,
}

/// A link and what belongs to it.
#[derive(Debug)]
struct Owner {
    link: Link,
    addresses: Vec<Address>,
    groups: BTreeSet<Group>,
}

impl Kernel {
    /// Has something happen, if it can, and says so.
    pub fn happen(&mut self, event: Message) {
        match event {
            Message::Link(link) => self.set_link(link),
            Message::LinkGone(index) => self.remove_link(index),
            Message::Address(address) => self.set_address(address),
            Message::AddressGone(address) => self.remove_address(&address),
            Message::Joined(index, group) => {
                let owner = self.links.get_mut(&index);
                if owner.is_some_and(|owner| owner.groups.insert(group)) {
                    self.say(Message::Joined(index, group));
                }
            }
            Message::Left(index, group) => {
                let owner = self.links.get_mut(&index);
                if owner.is_some_and(|owner| owner.groups.remove(&group)) {
                    self.say(Message::Left(index, group));
                }
            }
            Message::Wireless(index, _) => {
                if let Some(owner) = self.links.get(&index) {
                    self.say(Message::Wireless(index, owner.link.name));
                }
            }
        }
    }

    /// All that there is, as a listing tells it.
    pub fn listing(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (index, owner) in &self.links {
            let link = Message::Link(owner.link.clone());
            let addresses = owner.addresses.iter().cloned().map(Message::Address);
            let groups = owner
                .groups
                .iter()
                .map(|group| Message::Joined(*index, *group));
            for message in [link].into_iter().chain(addresses).chain(groups) {
                bytes.extend(message.to_listed_bytes());
            }
        }
        bytes
    }

    fn set_link(&mut self, mut link: Link) {
        let mut others = self.links.values().map(|owner| &owner.link);
        if others.any(|other| other.index != link.index && other.name == link.name) {
            return; // the name is taken
        }
        link.alternative_name = link.alternative_name.filter(|name| *name != link.name);
        if self
            .links
            .get(&link.index)
            .is_some_and(|owner| owner.link.kind != link.kind)
        {
            self.remove_link(link.index);
        }
        if let Some(owner) = self.links.get_mut(&link.index) {
            let is_renamed = owner.link.name != link.name;
            owner.link = link.clone();
            if is_renamed {
                self.relabel(link.index);
            }
        } else {
            let owner = Owner {
                link: link.clone(),
                addresses: Vec::new(),
                groups: [Group::All6].into(),
            };
            self.links.insert(link.index, owner);
            // Linux is in the groups of IPv6 before it says that there is a link.
            self.say(Message::Joined(link.index, Group::All6));
        }
        self.say(Message::Link(link));
    }

    /// Labels follow the name, and the kernel says so before it says the name.
    fn relabel(&mut self, index: Index) {
        let mut said = Vec::new();
        if let Some(owner) = self.links.get_mut(&index) {
            let name = owner.link.name;
            let v4 = owner.addresses.iter_mut().filter(|own| own.is_v4());
            for (position, own) in v4.enumerate() {
                let number = own.label.and_then(|label| label.number);
                let number = number
                    .or_else(|| u8::try_from(position).ok())
                    .filter(|_| position > 0);
                own.label = Some(Label { name, number });
                said.push(Message::Address(own.clone()));
            }
        }
        said.into_iter().for_each(|message| self.say(message));
    }

    fn remove_link(&mut self, index: Index) {
        let Some(owner) = self.links.remove(&index) else {
            return;
        };
        for group in owner.groups {
            self.say(Message::Left(index, group));
        }
        for address in owner.addresses {
            self.say(Message::AddressGone(address));
        }
        // Nobody is told of this.
        for owner in self.links.values_mut() {
            owner.link.lower = owner.link.lower.filter(|lower| *lower != index);
        }
        self.say(Message::LinkGone(index));
    }

    fn set_address(&mut self, mut address: Address) {
        let Some(owner) = self.links.get_mut(&address.index) else {
            return;
        };
        let name = owner.link.name;
        let number = address.label.and_then(|label| label.number);
        address.label = address.is_v4().then_some(Label { name, number });
        let mut known = owner.addresses.iter();
        match known.position(|own| own.is_same_as(&address)) {
            Some(at) if owner.addresses[at].rank() == address.rank() => {
                owner.addresses[at] = address.clone();
            }
            found => {
                if let Some(at) = found {
                    owner.addresses.remove(at);
                }
                let at = owner
                    .addresses
                    .partition_point(|own| own.rank() <= address.rank());
                owner.addresses.insert(at, address.clone());
            }
        }
        self.say(Message::Address(address));
    }

    fn remove_address(&mut self, address: &Address) {
        let Some(owner) = self.links.get_mut(&address.index) else {
            return;
        };
        let mut known = owner.addresses.iter();
        if let Some(at) = known.position(|own| own.is_same_as(address)) {
            let gone = owner.addresses.remove(at);
            self.say(Message::AddressGone(gone));
        }
    }

    fn say(&mut self, message: Message) {
        self.unread.push_back(message.to_bytes());
    }
}
