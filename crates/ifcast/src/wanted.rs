//! What every socket of a LAN shall be like.

use ifcast_interfaces::Interface;
use ifcast_multicast::{MulticastSocket, SharedMulticastSocket};
use ifcast_socket::{BoundSocket, Builder, Family, Metadata, Pinning, SharedSocket, Sharing};

use crate::error::Error;

/// What every socket of a LAN shall be like, also those that are opened later.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) families: Vec<Family>,
    pub(crate) port: u16,
    pub(crate) pinning: Pinning,
    pub(crate) sharing: Sharing,
    pub(crate) hops: Option<u8>,
    pub(crate) multicast_loopback: bool,
    pub(crate) receive_buffer: Option<usize>,
    pub(crate) coalesce: bool,
    pub(crate) metadata: Metadata,
}

impl Wanted {
    pub(crate) fn new() -> Self {
        Self {
            families: Family::ALL.to_vec(),
            port: 0,
            pinning: Pinning::Automatic,
            sharing: Sharing::Exclusive,
            hops: None,
            multicast_loopback: true,
            receive_buffer: None,
            coalesce: false,
            metadata: Metadata::default(),
        }
    }

    /// Opens a socket for one interface.
    pub(crate) fn bound(
        &self,
        interface: &Interface,
        family: Family,
    ) -> Result<MulticastSocket, Error> {
        let builder = BoundSocket::builder(interface, family).pinning(self.pinning);
        Ok(MulticastSocket::new(self.configure(builder).bind()?))
    }

    /// Opens a socket for all interfaces.
    pub(crate) fn shared(&self, family: Family) -> Result<SharedMulticastSocket, Error> {
        let builder = self.configure(SharedSocket::builder(family));
        Ok(SharedMulticastSocket::new(builder.bind()?))
    }

    /// Passes on what is the same for both.
    fn configure<Tie>(&self, builder: Builder<Tie>) -> Builder<Tie> {
        let mut builder = builder
            .port(self.port)
            .sharing(self.sharing)
            .coalesce(self.coalesce)
            .metadata(self.metadata)
            .multicast_loopback(self.multicast_loopback);
        if let Some(hops) = self.hops {
            builder = builder.hops(hops);
        }
        if let Some(bytes) = self.receive_buffer {
            builder = builder.receive_buffer(bytes);
        }
        builder
    }
}
