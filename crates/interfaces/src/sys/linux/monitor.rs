//! What rtnetlink says by itself.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use crate::sys::linux::is_refusal;
use crate::sys::linux::netlink_socket::NetlinkSocket;
use crate::sys::linux::nlmsg::{self, Message};
use crate::sys::linux::rtnetlink::group::{RTM_DELMULTICAST, RTM_NEWMULTICAST};
use crate::sys::linux::rtnetlink::link::LinkMessage;
use crate::sys::linux::rtnetlink::{address, group, link};
use crate::sys::notice::Notice;

/// Listens; see the contract in `sys`.
#[derive(Debug)]
pub(crate) struct Monitor {
    socket: NetlinkSocket,
    buffer: Vec<u8>,
    is_listening: bool,
    follows_groups: bool,
}

impl Monitor {
    pub(crate) fn open(groups: bool) -> io::Result<Self> {
        let socket = NetlinkSocket::open_nonblocking(libc::NETLINK_ROUTE)?;
        // If it stays smaller, more is lost and listed anew.
        let _ = socket.set_receive_buffer(RECEIVE_BUFFER);
        // First an address, without which nothing arrives, then the groups. Apps on
        // Android may have neither.
        let joined = socket
            .bind()
            .and_then(|()| GROUPS.iter().try_for_each(|group| socket.join(*group)));
        let is_listening = match joined {
            Ok(()) => true,
            Err(error) if is_refusal(&error) => false,
            Err(error) => return Err(error),
        };
        // Refused before Linux 6.14.
        let follows_groups = groups
            && is_listening
            && MULTICAST_GROUPS
                .iter()
                .all(|group| socket.join(*group).is_ok());
        Ok(Self {
            socket,
            buffer: vec![0; BUFFER_LEN],
            is_listening,
            follows_groups,
        })
    }

    pub(crate) fn read(&mut self, visit: &mut dyn FnMut(Notice)) -> io::Result<()> {
        match self.socket.receive_from_kernel(&mut self.buffer) {
            Ok(len) if len > self.buffer.len() => visit(Notice::Lost),
            Ok(len) => nlmsg::messages(&self.buffer[..len])
                .filter_map(|message| notice(&message))
                .for_each(visit),
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => visit(Notice::Lost),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    pub(crate) const fn is_reliable(&self) -> bool {
        self.is_listening
    }

    pub(crate) const fn follows_groups(&self) -> bool {
        self.follows_groups
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Decodes what a message tells, if it is of interest.
pub(crate) fn notice(message: &Message<'_>) -> Option<Notice> {
    let payload = message.payload;
    match message.message_type {
        libc::RTM_NEWLINK => {
            let message = LinkMessage::decode(payload)?;
            let mut alternative_names = Vec::new();
            for name in message.alternative_names() {
                alternative_names.extend(name);
                alternative_names.push(0);
            }
            Some(Notice::Link {
                link: message.link,
                alternative_names,
            })
        }
        libc::RTM_DELLINK => link::index(payload).map(Notice::LinkGone),
        libc::RTM_NEWADDR => address::decode(payload).map(Notice::Address),
        libc::RTM_DELADDR => address::decode(payload).map(Notice::AddressGone),
        RTM_NEWMULTICAST => {
            group::decode(payload).map(|(index, group)| Notice::Joined(index, group))
        }
        RTM_DELMULTICAST => group::decode(payload).map(|(index, group)| Notice::Left(index, group)),
        _ => None,
    }
}

const GROUPS: [c_int; 3] = [
    1, // RTNLGRP_LINK
    5, // RTNLGRP_IPV4_IFADDR
    9, // RTNLGRP_IPV6_IFADDR
];
const MULTICAST_GROUPS: [c_int; 2] = [
    37, // RTNLGRP_IPV4_MCADDR
    38, // RTNLGRP_IPV6_MCADDR
];
const RECEIVE_BUFFER: c_int = 1024 * 1024;
/// Far more than a single message, which is all that one reading brings.
const BUFFER_LEN: usize = 32 * 1024;

#[cfg(test)]
ifcast_abi::claims! {
    "RTNLGRP_LINK" => GROUPS[0],
    "RTNLGRP_IPV4_IFADDR" => GROUPS[1],
    "RTNLGRP_IPV6_IFADDR" => GROUPS[2],
    "RTNLGRP_IPV4_MCADDR" => MULTICAST_GROUPS[0],
    "RTNLGRP_IPV6_MCADDR" => MULTICAST_GROUPS[1],
}
