//! Listening with plain sockets, which know nothing of ifcast.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::time::{Duration, Instant};

use ifcast_netlab::Nic;
use socket2::{Domain, Protocol, Socket, Type};

use crate::join::join;

const PATIENCE: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_millis(100);

/// A wildcard IPv4 and a wildcard IPv6 socket on one port.
#[derive(Debug)]
pub struct Judge {
    v4: UdpSocket,
    v6: UdpSocket,
}

impl Judge {
    /// Listens on the host of `nic`, and joins `groups` there.
    #[must_use]
    pub fn listen(nic: &Nic, port: u16, groups: &[IpAddr]) -> Self {
        let index = nic.index();
        nic.host().run(|| {
            let judge = Self {
                v4: open(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port).into()),
                v6: open(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0).into()),
            };
            for &group in groups {
                let socket = if group.is_ipv4() {
                    &judge.v4
                } else {
                    &judge.v6
                };
                join(socket, group, index).unwrap();
            }
            judge
        })
    }

    /// The next `count` datagrams, which must come in time.
    #[must_use]
    #[track_caller]
    pub fn hear(&self, count: usize) -> Vec<(Vec<u8>, SocketAddr)> {
        let deadline = Instant::now() + PATIENCE;
        let mut heard = Vec::with_capacity(count);
        while heard.len() < count {
            assert!(
                Instant::now() < deadline,
                "heard {} of {count}",
                heard.len()
            );
            self.drain(&mut heard);
        }
        heard
    }

    /// Fails if anything comes.
    #[track_caller]
    pub fn assert_silent(&self) {
        let (deadline, mut heard) = (Instant::now() + SILENCE, Vec::new());
        while Instant::now() < deadline {
            self.drain(&mut heard);
            assert!(heard.is_empty(), "heard {heard:?}");
        }
    }

    /// Takes what is queued; waits a little if nothing is.
    fn drain(&self, heard: &mut Vec<(Vec<u8>, SocketAddr)>) {
        let before = heard.len();
        let mut buffer = [0; 65_536];
        for socket in [&self.v4, &self.v6] {
            while let Ok((len, source)) = socket.recv_from(&mut buffer) {
                heard.push((buffer[..len].to_vec(), source));
            }
        }
        if heard.len() == before {
            std::thread::yield_now();
        }
    }
}

fn open(local: SocketAddr) -> UdpSocket {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP)).unwrap();
    if local.is_ipv6() {
        socket.set_only_v6(true).unwrap();
    }
    socket.set_recv_buffer_size(4 << 20).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.bind(&local.into()).unwrap();
    socket.into()
}
