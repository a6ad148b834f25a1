//! Linux: network namespaces, rtnetlink and packet sockets.

#![expect(
    unsafe_code,
    reason = "system calls that neither std nor the enabled features of nix wrap"
)]

mod clock;
mod isolate;
mod namespace;
mod packet;
mod refusal;
mod route;
mod seccomp;
mod socket;
mod tun;

pub(crate) use self::clock::kernel_time;
pub(crate) use self::isolate::isolation;
pub(crate) use self::namespace::Namespace;
pub(crate) use self::packet::{PacketSocket, Stop, Stopper};
pub(crate) use self::route::RouteSocket;
pub(crate) use self::seccomp::{refuse_bind, refuse_device_binding};
pub(crate) use self::tun::Tun;
