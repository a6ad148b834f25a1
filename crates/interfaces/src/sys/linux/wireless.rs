//! Which interfaces are wireless, which rtnetlink does not tell; none where the
//! kernel knows of no Wi-Fi or may not be asked.

use std::io;

use crate::id::InterfaceIndex;
use crate::kind::Kind;
use crate::sys::answer::Answer;
use crate::sys::linux::is_refusal;
use crate::sys::linux::netlink::Netlink;
use crate::sys::linux::nl80211;
use crate::sys::linux::nlmsg::Request;

/// Asks generic netlink.
#[derive(Debug)]
pub(crate) struct Wireless(Option<Netlink>);

impl Wireless {
    pub(crate) fn open() -> io::Result<Self> {
        match Netlink::open(libc::NETLINK_GENERIC) {
            Ok(netlink) => Ok(Self(Some(netlink))),
            Err(error) if is_refusal(&error) => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }

    /// All that are wireless.
    pub(crate) fn all(&mut self) -> io::Result<Vec<(InterfaceIndex, Kind)>> {
        self.ask(nl80211::interfaces)
    }

    /// What this one is, if it is wireless.
    pub(crate) fn at(&mut self, index: InterfaceIndex) -> io::Result<Option<Kind>> {
        let found = self.ask(|family| nl80211::interface_at(family, index))?;
        let mut found = found.into_iter().filter(|(at, _)| *at == index);
        Ok(found.next().map(|(_, kind)| kind))
    }

    fn ask(
        &mut self,
        request: impl FnOnce(u16) -> Request,
    ) -> io::Result<Vec<(InterfaceIndex, Kind)>> {
        let Some(netlink) = &mut self.0 else {
            return Ok(Vec::new());
        };
        match converse(netlink, request) {
            Err(error) if is_refusal(&error) => Ok(Vec::new()),
            Err(error) => match error.raw_os_error() {
                Some(libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP) => Ok(Vec::new()),
                _ => Err(error),
            },
            wireless => wireless,
        }
    }
}

fn converse(
    netlink: &mut Netlink,
    request: impl FnOnce(u16) -> Request,
) -> io::Result<Vec<(InterfaceIndex, Kind)>> {
    let mut family = None;
    let asked = netlink.ask(&mut nl80211::family_request(), |payload| {
        family = nl80211::family(payload);
    })?;
    let (Some(family), Answer::Whole) = (family, asked) else {
        return Ok(Vec::new());
    };
    let (mut request, mut wireless) = (request(family), Vec::new());
    for _ in 0..super::TRIES {
        wireless.clear();
        let answer = netlink.ask(&mut request, |payload| {
            wireless.extend(nl80211::interface(payload));
        })?;
        if answer == Answer::Whole {
            break;
        }
    }
    Ok(wireless)
}
