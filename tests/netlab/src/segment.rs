//! Segments: broadcast domains to attach hosts to.

use std::{fmt, fs, io};

use crate::address::{AddressOptions, Prefixed};
use crate::capture::Capture;
use crate::fault::OrPanic;
use crate::host::Host;
use crate::nic::Nic;
use crate::rtnetlink;
use crate::snooping::Querier;

/// A broadcast domain: an Ethernet switch with as many ports as it takes.
///
/// A handle is cheap to clone. Frames of any size pass, so that only the MTUs of the two hosts count.
#[derive(Clone)]
pub struct Segment {
    pub(crate) switch: Host,
    pub(crate) bridge: u32,
}

impl Segment {
    pub(crate) fn flooding(switch: &Host) -> io::Result<Self> {
        let bridge = switch.next_index();
        let request = rtnetlink::new_bridge(&bridge_name(bridge), bridge, false);
        switch.request(request)?;
        switch.request(rtnetlink::no_link_local_address(bridge))?;
        switch.request(rtnetlink::set_up(bridge, true))?;
        Ok(Self {
            switch: switch.clone(),
            bridge,
        })
    }

    pub(crate) fn snooping(switch: &Host) -> io::Result<Self> {
        let bridge = switch.next_index();
        let name = bridge_name(bridge);
        switch.request(rtnetlink::new_bridge(&name, bridge, true))?;
        // The bridge joins the groups of other switches, and the kernel allocates as much for each IGMP report as would
        // fit, 64 KiB at the MTU of the ports. A few of them would fill the buffer of a capture.
        switch.request(rtnetlink::set_mtu(bridge, USUAL_MTU))?;
        switch.request(rtnetlink::no_link_local_address(bridge))?;
        switch.request(rtnetlink::set_up(bridge, true))?;
        // An MLD querier needs a link-local address to ask from.
        switch.run(|| fs::write(format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6"), "0"))?;
        let querier = Prefixed::parse("fe80::2/64")?;
        let options = AddressOptions::default();
        switch.request(rtnetlink::new_address(bridge, querier, &options))?;
        let segment = Self {
            switch: switch.clone(),
            bridge,
        };
        segment.start_querier(&Querier::default())?;
        Ok(segment)
    }

    /// Attaches a host by a cable and returns the interface that appears there: up, with these addresses, and ready
    /// to send and receive.
    ///
    /// An address is written `"10.71.0.1/24"`, `"fd71:0::1/64"` or `"fe80::1/64"`. Nothing is configured that is not
    /// asked for: without an `fe80::` address there is none. An IPv4 address gets the broadcast address that follows from
    /// its prefix; an IPv6 address is usable at once. [`Nic::add_address_with`] has other wishes.
    #[track_caller]
    pub fn attach(&self, host: &Host, name: &str, addresses: &[&str]) -> Nic {
        Nic::cabled(host, name, &self.switch, Some(self.bridge), addresses)
            .or_panic(format_args!("attach {name} of {host:?} to {self:?}"))
    }

    /// Starts to record every frame that crosses the segment.
    #[must_use = "a capture records as long as it lives"]
    #[track_caller]
    pub fn capture(&self) -> Capture {
        Capture::start(&self.switch, self.bridge).or_panic(format_args!("capture on {self:?}"))
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = bridge_name(self.bridge);
        f.debug_tuple("Segment").field(&name).finish()
    }
}

fn bridge_name(index: u32) -> String {
    format!("segment{index}")
}

const USUAL_MTU: u32 = 1500;
