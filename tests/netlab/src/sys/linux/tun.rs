//! Tunnel interfaces, of layers 2 and 3.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use super::socket;
use crate::sys::Layer;

/// A tun or tap interface, which lives as long as this handle; what it sends piles up unread and is then dropped.
#[derive(Debug)]
pub(crate) struct Tun {
    _device: File,
}

impl Tun {
    /// Makes an interface in the calling thread's namespace.
    pub(crate) fn create(layer: Layer, name: &str, index: u32) -> io::Result<Self> {
        let device = File::options()
            .read(true)
            .write(true)
            .open("/dev/net/tun")?;
        let index = libc::c_int::try_from(index).map_err(io::Error::other)?;
        // SAFETY: the descriptor is open, and this request reads an `int`.
        let outcome =
            unsafe { libc::ioctl(device.as_raw_fd(), libc::TUNSETIFINDEX, &raw const index) };
        socket::check(outcome)?;
        let kind = match layer {
            Layer::Ethernet => IFF_TAP,
            Layer::Ip => IFF_TUN,
        };
        let mut request = libc::ifreq {
            ifr_name: [0; libc::IFNAMSIZ],
            ifr_ifru: libc::__c_anonymous_ifr_ifru {
                ifru_flags: kind | IFF_NO_PI,
            },
        };
        if name.len() >= libc::IFNAMSIZ {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
            *to = libc::c_char::from_ne_bytes([from]);
        }
        // SAFETY: the descriptor is open, and `request` is the `ifreq` that this request reads and writes.
        let outcome = unsafe { libc::ioctl(device.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
        socket::check(outcome)?;
        Ok(Self { _device: device })
    }
}

const IFF_TUN: libc::c_short = 0x0001;
const IFF_TAP: libc::c_short = 0x0002;
const IFF_NO_PI: libc::c_short = 0x1000;
