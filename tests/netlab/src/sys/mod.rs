//! What the lab needs of the operating system.
//!
//! Every platform provides these names with the same signatures:
//!
//! - `isolation() -> io::Result<()>`: whether this process was moved into a private network namespace before `main`,
//!   and if not, why not, in words for a person;
//! - `Namespace`: a network namespace of its own, entered by one thread at a time;
//! - `RouteSocket`: an rtnetlink socket of the namespace it was opened in, whoever uses it later;
//! - `PacketSocket`: what crosses an interface, link layer and all;
//! - `Tun`: an interface of either `Layer` that lives as long as the value;
//! - `kernel_time() -> io::Result<Duration>`: a clock that goes from one of the kernel's ticks to the next;
//! - `refuse_bind() -> io::Result<()>`: takes `bind(2)` from the calling thread;
//! - `refuse_device_binding() -> io::Result<()>`: takes from it what ties sockets to devices;
//! - `Stop` and `Stopper`: tells a thread that waits for frames to return.

#[cfg_attr(target_os = "linux", path = "linux/mod.rs")]
#[cfg_attr(not(target_os = "linux"), path = "unsupported.rs")]
mod platform;

pub(crate) use self::platform::{
    Namespace, PacketSocket, RouteSocket, Stop, Stopper, Tun, isolation, kernel_time, refuse_bind,
    refuse_device_binding,
};

/// What an interface carries: frames or packets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layer {
    Ethernet,
    Ip,
}

/// The length of the `struct virtio_net_hdr` in front of every frame of a `PacketSocket`.
pub(crate) const VNET_HEADER: usize = 10;
