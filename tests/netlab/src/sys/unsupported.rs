//! Anything but Linux: no network namespaces, no lab.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use crate::sys::Layer;

pub(crate) fn isolation() -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "a private LAN needs the network namespaces of Linux",
    ))
}

pub(crate) fn kernel_time() -> io::Result<Duration> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn refuse_bind() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn refuse_device_binding() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[derive(Debug)]
pub(crate) struct Namespace(Infallible);

impl Namespace {
    pub(crate) fn create<T: Send>(
        _furnish: impl FnOnce() -> io::Result<T> + Send,
    ) -> io::Result<(Self, T)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn enter(&self) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn descriptor(&self) -> i32 {
        match self.0 {}
    }
}

#[derive(Debug)]
pub(crate) struct RouteSocket(Infallible);

impl RouteSocket {
    pub(crate) fn open() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn send(&self, _request: &[u8]) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn receive(&self, _buffer: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

#[derive(Debug)]
pub(crate) struct PacketSocket(Infallible);

impl PacketSocket {
    pub(crate) fn port(_index: u32) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn tap(_index: u32) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn receive<'b>(&self, _buffer: &'b mut [u8]) -> io::Result<Option<&'b [u8]>> {
        match self.0 {}
    }

    pub(crate) fn send(&self, _frame: &[u8]) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn wait(&self, _timeout: Duration) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn wait_for_any(_ports: &[Self], stop: &Stop) -> io::Result<bool> {
        match stop.0 {}
    }

    pub(crate) fn lost(&self) -> io::Result<u32> {
        match self.0 {}
    }
}

#[derive(Debug)]
pub(crate) struct Stop(Infallible);

impl Stop {
    pub(crate) fn pair() -> io::Result<(Stopper, Self)> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[derive(Debug)]
pub(crate) struct Stopper(Infallible);

impl Stopper {
    pub(crate) fn signal(self) {
        match self.0 {}
    }
}

#[derive(Debug)]
pub(crate) struct Tun(Infallible);

impl Tun {
    pub(crate) fn create(_layer: Layer, _name: &str, _index: u32) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
