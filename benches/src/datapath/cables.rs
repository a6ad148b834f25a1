//! Two hosts and the cables between them.

use std::cell::Cell;
use std::ffi::c_uint;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use ifcast::{Family, Group, Snapshot};
use ifcast_netlab::{Host, Lab, Nic};
use socket2::{Domain, InterfaceIndexOrAddress, SockRef, Socket, Type};

use crate::sys::send::Datagrams;

/// A host that sends and one that receives, and so many cables between them:
/// veth pairs, up, each end with an IPv4 address that has a broadcast address,
/// and an IPv6 address.
pub(crate) struct Cables {
    sender: Host,
    receiver: Host,
    ends: Vec<[Nic; 2]>,
    ports: Cell<u16>,
}

/// To whom a datagram is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cast {
    MulticastV4,
    MulticastV6,
    BroadcastV4,
}

impl Cables {
    pub(crate) fn new(lab: &Lab, count: usize) -> io::Result<Self> {
        let [sender, receiver] = ["sender", "receiver"].map(|name| lab.host(name));
        let ends = sender.add_cables(&receiver, "v", count);
        for (cable, nics) in ends.iter().enumerate() {
            for (nic, end) in nics.iter().zip(1..) {
                nic.add_address(&format!("10.{}.{}.{end}/24", cable / 256, cable % 256));
                nic.add_address(&format!("fd71:{cable:x}::{end}/64"));
                nic.set_up(true);
            }
        }
        let cables = Self {
            sender,
            receiver,
            ends,
            ports: Cell::new(FIRST_PORT),
        };
        cables.settle()?;
        Ok(cables)
    }

    pub(crate) fn count(&self) -> usize {
        self.ends.len()
    }

    /// A port that nobody has used yet.
    pub(crate) fn port(&self) -> u16 {
        self.ports.replace(self.ports.get() + 1)
    }

    /// The indexes of the sender's interfaces.
    pub(crate) fn indexes(&self) -> Vec<c_uint> {
        self.ends.iter().map(|[near, _]| near.index()).collect()
    }

    /// The index of the receiver's end of the first cable.
    pub(crate) fn receiving_index(&self) -> u32 {
        self.ends[0][1].index()
    }

    /// The sender's IPv4 address at one cable.
    pub(crate) fn sending_address(&self, cable: usize) -> io::Result<Ipv4Addr> {
        let cable = u16::try_from(cable).map_err(io::Error::other)?;
        let [high, low] = cable.to_be_bytes();
        Ok(Ipv4Addr::new(10, high, low, 1))
    }

    /// Opens something where datagrams are sent.
    pub(crate) fn at_sender<T: Send>(&self, open: impl FnOnce() -> T + Send) -> T {
        self.sender.run(open)
    }

    /// Opens something where datagrams arrive.
    pub(crate) fn at_receiver<T: Send>(&self, open: impl FnOnce() -> T + Send) -> T {
        self.receiver.run(open)
    }

    /// Opens a plain socket that sends by the end of one cable.
    pub(crate) fn sending(&self, cast: Cast, cable: usize) -> io::Result<Socket> {
        let near = &self.ends[cable][0];
        self.sender.run(|| {
            let socket = cast.socket()?;
            socket.bind_device(Some(near.name().as_bytes()))?;
            Ok(socket)
        })
    }

    /// Opens a plain socket that can send by any cable.
    pub(crate) fn sending_anywhere(&self, cast: Cast) -> io::Result<Socket> {
        self.sender.run(|| cast.socket())
    }

    /// Opens a plain socket that receives at the end of one cable.
    pub(crate) fn receiving(&self, cast: Cast, cable: usize, port: u16) -> io::Result<Socket> {
        let far = &self.ends[cable][1];
        self.receiver.run(|| {
            let socket = cast.socket()?;
            socket.bind_device(Some(far.name().as_bytes()))?;
            socket.bind(&SocketAddr::new(cast.unspecified(), port).into())?;
            cast.join(&socket, far.index())?;
            prepare(&socket)?;
            Ok(socket)
        })
    }

    /// Opens a plain socket that receives at the ends of all cables.
    pub(crate) fn receiving_anywhere(&self, cast: Cast, port: u16) -> io::Result<Socket> {
        self.receiver.run(|| {
            let socket = cast.socket()?;
            socket.bind(&SocketAddr::new(cast.unspecified(), port).into())?;
            prepare(&socket)?;
            Ok(socket)
        })
    }

    /// Makes something that sends `count` datagrams over the first cable.
    pub(crate) fn burst(
        &self,
        cast: Cast,
        port: u16,
        len: usize,
        count: usize,
    ) -> io::Result<Burst> {
        Ok(Burst {
            socket: self.sending(cast, 0)?,
            datagrams: Datagrams::new(cast.destination(port), len, count)?,
        })
    }

    /// Makes something that sends a datagram over each cable.
    pub(crate) fn bursts(&self, cast: Cast, port: u16, len: usize) -> io::Result<Burst> {
        Ok(Burst {
            socket: self.sending_anywhere(cast)?,
            datagrams: Datagrams::by_each(cast.destination(port), len, &self.indexes())?,
        })
    }

    /// Waits until the kernel has noticed every carrier: until then nothing is chosen for a LAN.
    fn settle(&self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        for host in [&self.sender, &self.receiver] {
            loop {
                let snapshot = host.run(Snapshot::capture).map_err(io::Error::other)?;
                let all = snapshot.interfaces().iter();
                if all.filter(|i| i.is_operational()).count() > self.count() {
                    break;
                }
                if Instant::now() > deadline {
                    return Err(io::Error::other("not all interfaces came up in time"));
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }
}

/// Datagrams and the socket that they are sent by.
pub(crate) struct Burst {
    socket: Socket,
    datagrams: Datagrams,
}

impl Burst {
    /// Sends all of them.
    pub(crate) fn send(&mut self) -> io::Result<()> {
        self.datagrams.send(self.socket.as_fd())
    }

    /// Sends one of them.
    pub(crate) fn send_one(&mut self, number: usize) -> io::Result<()> {
        self.datagrams.send_one(self.socket.as_fd(), number)
    }

    /// Sends them with a call each.
    pub(crate) fn send_each(&mut self) -> io::Result<()> {
        self.datagrams.send_each(self.socket.as_fd())
    }

    /// Sends them as a few large ones that the kernel cuts up.
    pub(crate) fn send_segments(&mut self) -> io::Result<()> {
        self.datagrams.send_segments(self.socket.as_fd())
    }
}

impl Cast {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MulticastV4 => "IPv4 multicast",
            Self::MulticastV6 => "IPv6 multicast",
            Self::BroadcastV4 => "broadcast",
        }
    }

    pub(crate) const fn family(self) -> Family {
        match self {
            Self::MulticastV4 | Self::BroadcastV4 => Family::V4,
            Self::MulticastV6 => Family::V6,
        }
    }

    /// The longest payload that the cables take in one packet.
    pub(crate) const fn longest(self) -> usize {
        match self.family() {
            Family::V4 => 1472,
            Family::V6 => 1452,
        }
    }

    /// The group to join, if there is one.
    pub(crate) fn group(self) -> Option<Group> {
        Group::new(self.address()).ok()
    }

    pub(crate) const fn domain(self) -> Domain {
        match self.family() {
            Family::V4 => Domain::IPV4,
            Family::V6 => Domain::IPV6,
        }
    }

    pub(crate) const fn destination(self, port: u16) -> SocketAddr {
        SocketAddr::new(self.address(), port)
    }

    pub(crate) const fn unspecified(self) -> IpAddr {
        match self.family() {
            Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        }
    }

    const fn address(self) -> IpAddr {
        match self {
            Self::MulticastV4 => IpAddr::V4(Ipv4Addr::new(239, 255, 7, 7)),
            Self::MulticastV6 => IpAddr::V6(Ipv6Addr::new(0xff15, 0, 0, 0, 0, 0, 7, 7)),
            Self::BroadcastV4 => IpAddr::V4(Ipv4Addr::BROADCAST),
        }
    }

    fn socket(self) -> io::Result<Socket> {
        let socket = Socket::new(self.domain(), Type::DGRAM.nonblocking(), None)?;
        if self == Self::BroadcastV4 {
            socket.set_broadcast(true)?;
        }
        Ok(socket)
    }

    /// Joins the group, if there is one, on the interface.
    pub(crate) fn join(self, socket: &Socket, index: u32) -> io::Result<()> {
        match self.address() {
            IpAddr::V4(group) if group.is_multicast() => {
                socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
            }
            IpAddr::V4(_) => Ok(()),
            IpAddr::V6(group) => socket.join_multicast_v6(&group, index),
        }
    }
}

/// Gives a receiving socket room for the longest burst.
pub(crate) fn prepare(socket: impl AsFd) -> io::Result<()> {
    SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER)
}

/// What every socket's receive buffer is asked to be. The kernel doubles it, if
/// `net.core.rmem_max` allows, and takes up to 2304 bytes for 1472.
pub(crate) const RECEIVE_BUFFER: usize = 2 << 20;

const FIRST_PORT: u16 = 20_000;
const PATIENCE: Duration = Duration::from_secs(30);
