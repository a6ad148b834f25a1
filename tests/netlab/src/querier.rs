//! A host that asks for memberships, as multicast routers do.

use std::io;

use crate::fault::OrPanic;
use crate::membership::Query;
use crate::nic::Nic;
use crate::sys::{PacketSocket, VNET_HEADER};

impl Nic {
    /// Asks those at the other end what they are members of: with a router alert, and not beyond the next router.
    ///
    /// Neither the host's address nor its memberships matter: the query says who asks. A switch that snoops takes the
    /// host for a router from now on and forwards all multicasts to it, if it asks from a lower address than the switch
    /// itself does, which is `fe80::2` for IPv6 and none for IPv4.
    ///
    /// # Panics
    ///
    /// If the query is one that its version cannot express, or if this is not an Ethernet interface.
    #[track_caller]
    pub fn send_query(&self, query: &Query) {
        self.try_send_query(query)
            .or_panic(format_args!("send {query:?} from {self:?}"));
    }

    fn try_send_query(&self, query: &Query) -> io::Result<()> {
        let mut frame = vec![0; VNET_HEADER]; // nothing is left to hardware
        frame.extend(query.frame(self.ethernet_address()?)?);
        let index = self.index();
        self.host().run(|| PacketSocket::port(index)?.send(&frame))
    }
}
