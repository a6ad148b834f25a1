//! Packet sockets: frames as they cross an interface.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::socket;
use crate::sys::VNET_HEADER;

/// A packet socket on one interface.
///
/// `PACKET_VNET_HDR` keeps the state of checksum offload with the frame: a UDP checksum that a sender leaves to
/// hardware which a veth pair has not got is incomplete, and a frame sent on without that state is dropped.
#[derive(Debug)]
pub(crate) struct PacketSocket {
    socket: OwnedFd,
}

impl PacketSocket {
    /// Opens a socket that sees what the interface receives and what passes through it, but not what is sent from
    /// here: one end of a cable.
    pub(crate) fn port(index: u32) -> io::Result<Self> {
        let this = Self::open()?;
        this.enable(PACKET_IGNORE_OUTGOING)?;
        this.bind(index)?;
        Ok(this)
    }

    /// Opens a socket that sees everything, in both directions, addressed to whomever.
    pub(crate) fn tap(index: u32) -> io::Result<Self> {
        let this = Self::open()?;
        let room: libc::c_int = 16 << 20;
        // As much as an unprivileged user may have, and more where this one is the administrator of the real machine. A
        // burst that does not fit is reported, not lost in silence.
        socket::set_option(&this.socket, libc::SOL_SOCKET, libc::SO_RCVBUF, &room)?;
        let _ = socket::set_option(&this.socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &room);
        this.bind(index)?;
        let promiscuous = libc::packet_mreq {
            mr_ifindex: signed(index)?,
            mr_type: PACKET_MR_PROMISC,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        socket::set_option(
            &this.socket,
            libc::SOL_PACKET,
            libc::PACKET_ADD_MEMBERSHIP,
            &promiscuous,
        )?;
        Ok(this)
    }

    fn open() -> io::Result<Self> {
        // Protocol 0 receives nothing until `bind` names protocol and interface together.
        let socket = socket::open(libc::AF_PACKET, libc::SOCK_RAW, 0)?;
        let this = Self { socket };
        this.enable(PACKET_VNET_HDR)?;
        Ok(this)
    }

    fn enable(&self, option: libc::c_int) -> io::Result<()> {
        let on: libc::c_int = 1;
        socket::set_option(&self.socket, libc::SOL_PACKET, option, &on)
    }

    fn bind(&self, index: u32) -> io::Result<()> {
        let address = libc::sockaddr_ll {
            sll_family: ADDRESS_FAMILY,
            sll_protocol: EVERY_PROTOCOL.to_be(),
            sll_ifindex: signed(index)?,
            sll_hatype: 0,
            sll_pkttype: 0,
            sll_halen: 0,
            sll_addr: [0; 8],
        };
        socket::bind(&self.socket, &address)
    }

    /// Receives a frame with its `virtio_net_hdr` in front, without waiting for one.
    pub(crate) fn receive<'b>(&self, buffer: &'b mut [u8]) -> io::Result<Option<&'b [u8]>> {
        match socket::receive(&self.socket, buffer, libc::MSG_DONTWAIT) {
            Ok(length) => buffer
                .get(..length)
                .map(Some)
                .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a frame above 64 KiB")),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a frame with its `virtio_net_hdr` in front.
    pub(crate) fn send(&self, frame: &[u8]) -> io::Result<()> {
        debug_assert!(frame.len() > VNET_HEADER, "a header and a frame");
        socket::send(&self.socket, frame)
    }

    /// Waits until there is a frame, or the time is up.
    pub(crate) fn wait(&self, timeout: Duration) -> io::Result<()> {
        let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        poll(&mut [readable(self.socket.as_raw_fd())], milliseconds)
    }

    /// Waits until one of `ports` has a frame; returns false once `stop` is signalled.
    pub(crate) fn wait_for_any(ports: &[Self], stop: &Stop) -> io::Result<bool> {
        let mut all: Vec<_> = [stop.stream.as_raw_fd()]
            .into_iter()
            .chain(ports.iter().map(|port| port.socket.as_raw_fd()))
            .map(readable)
            .collect();
        poll(&mut all, -1)?;
        Ok(all.first().is_none_or(|stop| stop.revents == 0))
    }

    /// How many frames were lost since the last call, because nobody received them in time.
    pub(crate) fn lost(&self) -> io::Result<u32> {
        let mut statistics = libc::tpacket_stats {
            tp_packets: 0,
            tp_drops: 0,
        };
        let mut length = socket::length_of::<libc::tpacket_stats>();
        // SAFETY: `statistics` is writable for `length` bytes, and `length` is writable.
        let outcome = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                (&raw mut statistics).cast(),
                &raw mut length,
            )
        };
        socket::check(outcome)?;
        Ok(statistics.tp_drops)
    }
}

/// What a waiting thread watches, to learn that it is to return.
#[derive(Debug)]
pub(crate) struct Stop {
    stream: UnixStream,
}

impl Stop {
    /// Makes the two ends.
    pub(crate) fn pair() -> io::Result<(Stopper, Self)> {
        let (stopper, stop) = UnixStream::pair()?;
        Ok((Stopper { stream: stopper }, Self { stream: stop }))
    }
}

/// Signals its [`Stop`].
#[derive(Debug)]
pub(crate) struct Stopper {
    stream: UnixStream,
}

impl Stopper {
    /// Lets every wait for the other end return, now and ever after.
    pub(crate) fn signal(self) {
        drop(self.stream);
    }
}

fn readable(fd: RawFd) -> libc::pollfd {
    libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    }
}

/// Waits for one of the descriptors; returns early when interrupted.
fn poll(descriptors: &mut [libc::pollfd], milliseconds: libc::c_int) -> io::Result<()> {
    let count = libc::nfds_t::try_from(descriptors.len()).map_err(io::Error::other)?;
    // SAFETY: `descriptors` is writable for `count` entries.
    let outcome = unsafe { libc::poll(descriptors.as_mut_ptr(), count, milliseconds) };
    if outcome < 0 {
        socket::retry_if_interrupted()?;
    }
    Ok(())
}

fn signed(index: u32) -> io::Result<libc::c_int> {
    libc::c_int::try_from(index).map_err(io::Error::other)
}

// Constants of <linux/if_packet.h> and friends that libc lacks, or has in another type than the field they go into.
const PACKET_VNET_HDR: libc::c_int = 15;
const PACKET_IGNORE_OUTGOING: libc::c_int = 23;
const PACKET_MR_PROMISC: libc::c_ushort = 1;
const ADDRESS_FAMILY: libc::c_ushort = 17;
const EVERY_PROTOCOL: libc::c_ushort = 3;
