//! Interfaces of a host, and the cables that lead to them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

use crate::address::{AddressOptions, Prefixed};
use crate::capture::Capture;
use crate::fault::{OrPanic, await_that};
use crate::host::Host;
use crate::rtnetlink::{self, Link, VethEnd};

/// A network interface of a host.
///
/// A handle is cheap to clone; dropping it leaves the interface as it is. What a method changes is in force when it
/// returns. All of them may be called from any thread, also while code runs on the host.
#[derive(Clone)]
pub struct Nic {
    inner: Arc<Inner>,
}

struct Inner {
    host: Host,
    cable: Option<Cable>,
    identity: Mutex<Identity>,
}

/// Where the other end of an interface is.
#[derive(Clone)]
struct Cable {
    switch: Host,
    /// The bridge of the segment; none for a wire.
    bridge: Option<u32>,
}

#[derive(Clone)]
struct Identity {
    index: u32,
    name: String,
    /// The index of the port on the switch, if there is a cable.
    port: u32,
}

impl Nic {
    /// Wraps an interface that the host has made for itself.
    pub(crate) fn of_host(host: &Host, link: Link) -> Self {
        Self::with(
            host,
            None,
            Identity {
                index: link.index,
                name: link.name,
                port: 0,
            },
        )
    }

    /// Makes an interface on `host` and a port on `switch`, joined by a cable.
    pub(crate) fn cabled(
        host: &Host,
        name: &str,
        switch: &Host,
        bridge: Option<u32>,
        addresses: &[&str],
    ) -> io::Result<Self> {
        let cable = Cable {
            switch: switch.clone(),
            bridge,
        };
        let identity = Identity {
            index: host.next_index(),
            name: name.to_owned(),
            port: switch.next_index(),
        };
        let nic = Self::with(host, Some(cable), identity);
        nic.make(addresses)?;
        Ok(nic)
    }

    fn with(host: &Host, cable: Option<Cable>, identity: Identity) -> Self {
        let inner = Inner {
            host: host.clone(),
            cable,
            identity: Mutex::new(identity),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Takes the interface up or down, as its host's administrator would.
    ///
    /// Up, with the cable in, it is ready to send and receive on return. IPv6 addresses do not survive going down.
    #[track_caller]
    pub fn set_up(&self, up: bool) {
        self.host()
            .request(rtnetlink::set_up(self.index(), up))
            .and_then(|()| self.settle())
            .or_panic(format_args!("set {self:?} up: {up}"));
    }

    /// Pushes the cable in or pulls it out: the interface stays up and gains or loses its carrier.
    ///
    /// # Panics
    ///
    /// If no cable leads to this interface, because its host has made it for itself.
    #[track_caller]
    pub fn plug(&self, plugged: bool) {
        let cable = self.cable("plug");
        let port = self.identity().port;
        cable
            .switch
            .request(rtnetlink::set_up(port, plugged))
            .and_then(|()| self.settle())
            .or_panic(format_args!("plug {self:?} in: {plugged}"));
    }

    /// Gives the interface another name, which need not be text; kernels before 6.2 want it down for that.
    #[track_caller]
    pub fn rename(&self, name: impl AsRef<[u8]>) {
        let name = name.as_ref();
        self.host()
            .request(rtnetlink::set_name(self.index(), name))
            .or_panic(format_args!("rename {self:?} to {}", name.escape_ascii()));
        self.identity().name = String::from_utf8_lossy(name).into_owned();
    }

    /// Deletes the interface.
    #[track_caller]
    pub fn delete(&self) {
        self.try_delete().or_panic(format_args!("delete {self:?}"));
    }

    /// Moves the interface to another host, as container runtimes do, and returns it as it is there: down and without
    /// addresses, its cable still in.
    ///
    /// It keeps its index unless the other host has an interface with that one, as one of another lab may, and then gets
    /// one that the kernel chooses. To its old host it is deleted, and so it is to handles that were there before.
    ///
    /// # Panics
    ///
    /// If the other host has an interface of that name, or if this is one that cannot be moved, as `lo` and bridges are.
    #[must_use = "the handles of before have lost sight of the interface"]
    #[track_caller]
    pub fn move_to(&self, host: &Host) -> Self {
        self.try_move_to(host)
            .or_panic(format_args!("move {self:?} to {host:?}"))
    }

    /// Deletes the interface, if that has not happened yet, and makes it anew: the same name, a new index.
    ///
    /// # Panics
    ///
    /// If this is not an interface that was attached to a segment.
    #[track_caller]
    pub fn recreate(&self, addresses: &[&str]) {
        let index = self.host().next_index();
        self.replace(index, addresses);
    }

    /// Deletes the interface, if that has not happened yet, and makes it anew: the same name, and the same index.
    ///
    /// The kernel may do that to anybody: it gives indexes out again.
    ///
    /// # Panics
    ///
    /// If this is not an interface that was attached to a segment.
    #[track_caller]
    pub fn recreate_with_index(&self, addresses: &[&str]) {
        self.replace(self.index(), addresses);
    }

    /// Makes the interface a port of a bridge of its host, or frees it.
    #[track_caller]
    pub fn set_bridge(&self, bridge: Option<u32>) {
        self.host()
            .request(rtnetlink::set_bridge(self.index(), bridge))
            .and_then(|()| self.settle())
            .or_panic(format_args!("set the bridge of {self:?}"));
    }

    /// Starts to record every frame that this interface sends or receives.
    #[must_use = "a capture records as long as it lives"]
    #[track_caller]
    pub fn capture(&self) -> Capture {
        Capture::start(self.host(), self.index()).or_panic(format_args!("capture on {self:?}"))
    }

    /// The index on the host: of the interface as it is, or as it last was.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.identity().index
    }

    /// The name on the host; where it is not text, with replacement characters.
    #[must_use]
    pub fn name(&self) -> String {
        self.identity().name.clone()
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.inner.host
    }

    /// The index of the port at the other end of the cable.
    pub(crate) fn port(&self) -> u32 {
        self.identity().port
    }

    #[track_caller]
    fn replace(&self, index: u32, addresses: &[&str]) {
        let cable = self.cable("recreate");
        assert!(
            cable.bridge.is_some(),
            "{self:?} is the end of a wire and cannot be recreated"
        );
        if self.host().link(self.index()).is_ok() {
            self.delete();
        }
        {
            let mut identity = self.identity();
            identity.index = index;
            identity.port = cable.switch.next_index();
        }
        self.make(addresses)
            .or_panic(format_args!("recreate {self:?}"));
    }

    /// Makes what `identity` describes, and waits until it is ready.
    fn make(&self, addresses: &[&str]) -> io::Result<()> {
        let Some(Cable { switch, bridge }) = &self.inner.cable else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let addresses: Vec<_> = addresses
            .iter()
            .map(|text| Prefixed::parse(text))
            .collect::<io::Result<_>>()?;
        let host = self.host();
        let Identity { index, name, port } = self.identity().clone();
        let near = VethEnd {
            name: &format!("port{port}"),
            index: port,
            bridge: *bridge,
            up: true,
            mtu: Some(LARGEST_MTU),
            giants: false,
        };
        let far = VethEnd {
            name: &name,
            index,
            bridge: None,
            up: false,
            mtu: None,
            giants: false,
        };
        let namespace = Some(host.namespace().descriptor());
        switch.request(rtnetlink::new_veth(&near, &far, namespace))?;
        switch.request(rtnetlink::no_link_local_address(port))?;
        host.request(rtnetlink::no_link_local_address(index))?;
        host.request(rtnetlink::set_up(index, true))?;
        for local in &addresses {
            host.request(rtnetlink::new_address(
                index,
                *local,
                &AddressOptions::default(),
            ))?;
        }
        self.settle()?;
        await_that(|| {
            let mut addresses = addresses.iter();
            Ok(addresses.all(|local| host.takes_in(index, local.address)))
        })
    }

    fn try_move_to(&self, host: &Host) -> io::Result<Self> {
        let Identity { index, name, port } = self.identity().clone();
        let descriptor = host.namespace().descriptor();
        self.host()
            .request(rtnetlink::set_namespace(index, descriptor))?;
        let Link { index, name, .. } = host.link_named(&name)?;
        host.request(rtnetlink::no_link_local_address(index))?;
        let identity = Identity { index, name, port };
        let moved = Self::with(host, self.inner.cable.clone(), identity);
        moved.settle()?;
        Ok(moved)
    }

    fn try_delete(&self) -> io::Result<()> {
        self.host().request(rtnetlink::delete_link(self.index()))
    }

    /// Waits until both ends of the cable show what their settings imply.
    fn settle(&self) -> io::Result<()> {
        let Some(Cable { switch, .. }) = &self.inner.cable else {
            return Ok(());
        };
        let Identity { index, port, .. } = *self.identity();
        await_that(|| {
            let (near, far) = (switch.link(port)?, self.host().link(index)?);
            Ok(if near.up && far.up {
                near.carries_frames() && far.carries_frames()
            } else {
                !near.running && !far.running
            })
        })
    }

    #[track_caller]
    fn cable(&self, doing: &str) -> &Cable {
        match &self.inner.cable {
            Some(cable) => cable,
            None => panic!("cannot {doing} {self:?}: no cable leads to it"),
        }
    }

    fn identity(&self) -> MutexGuard<'_, Identity> {
        let identity = self.inner.identity.lock();
        identity.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Nic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { name, index, .. } = self.identity().clone();
        f.debug_struct("Nic")
            .field("host", &self.inner.host.name())
            .field("name", &name)
            .field("index", &index)
            .finish()
    }
}

/// What a port of the switch takes: the most a veth can.
const LARGEST_MTU: u32 = 65535;
