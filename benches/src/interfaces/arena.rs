//! The interfaces that are listed and watched.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use ifcast_interfaces::{InterfaceIndex, Snapshot};
use ifcast_netlab::{Host, Lab, Nic};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// A host with interfaces: veth pairs, up, each end with one IPv4 address that
/// has a broadcast address, and one IPv6 address.
pub(crate) struct Arena {
    host: Host,
    nics: Vec<Nic>,
}

impl Arena {
    /// Makes this many interfaces, besides `lo`, and waits until they are ready.
    pub(crate) fn new(lab: &Lab, interfaces: usize) -> io::Result<Self> {
        let host = lab.host("arena");
        let pairs = host.add_veths("v", interfaces / 2);
        let nics: Vec<_> = pairs.into_iter().flatten().collect();
        for (nic, n) in nics.iter().zip(0..) {
            let (pair, end) = (n / 2, n % 2 + 1);
            nic.set_up(true);
            nic.add_address(&format!("10.{}.{}.{end}/30", pair / 250, pair % 250));
            nic.add_address(&format!("fd71:{pair:x}::{end}/64"));
        }
        let arena = Self { host, nics };
        arena.settle()?;
        Ok(arena)
    }

    /// Runs `work` among the interfaces, where `/sys` shows them and nothing
    /// else, if that is permitted: one of the peers looks there.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.host.run(|| {
            if let Err(error) = own_sysfs() {
                eprintln!("/sys shows the machine's own interfaces: {error}");
            }
            work()
        })
    }

    /// How many there are, without `lo`.
    pub(crate) fn interfaces(&self) -> usize {
        self.nics.len()
    }

    /// How many IP addresses there are, those of `lo` included.
    pub(crate) fn addresses(&self) -> usize {
        ADDRESSES_EACH * (self.nics.len() + 1)
    }

    /// The interface to ask for alone.
    pub(crate) fn subject(&self) -> io::Result<InterfaceIndex> {
        let index = self.nics[self.nics.len() / 2].index();
        InterfaceIndex::new(index).ok_or_else(|| io::Error::other("an interface without an index"))
    }

    /// Adds an address to one interface, and removes it the next time. The
    /// kernel has told everybody of it on return.
    pub(crate) fn change(&self) -> impl FnMut() + use<> {
        let nic = self.nics[self.nics.len() / 2].clone();
        let mut there = false;
        move || {
            if there {
                nic.remove_address(COMES_AND_GOES);
            } else {
                nic.add_address(COMES_AND_GOES);
            }
            there = !there;
        }
    }

    /// Waits until the kernel has noticed every carrier, or it would tell of
    /// them in the middle of a measurement.
    fn settle(&self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let snapshot = self.host.run(Snapshot::capture).map_err(io::Error::other)?;
            let ready = snapshot
                .interfaces()
                .iter()
                .filter(|i| i.carrier() == Some(true));
            if ready.count() > self.nics.len() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(io::Error::other("not all interfaces came up in time"));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Gives the calling thread a `/sys` of its network namespace.
fn own_sysfs() -> io::Result<()> {
    const NOTHING: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNS)?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(NOTHING, "/", NOTHING, private, NOTHING)?;
    mount(
        Some("sysfs"),
        "/sys",
        Some("sysfs"),
        MsFlags::empty(),
        NOTHING,
    )?;
    Ok(())
}

/// Of every interface, `lo` included.
pub(crate) const ADDRESSES_EACH: usize = 2;

const COMES_AND_GOES: &str = "172.31.0.1/32";
const PATIENCE: Duration = Duration::from_secs(30);
