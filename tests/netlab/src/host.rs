//! Hosts: network namespaces to run code in.

use std::any::Any;
use std::fmt;
use std::net::IpAddr;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::{env, fs, io, thread};

use crate::address::Prefixed;
use crate::dialogue::Dialogue;
use crate::fault::OrPanic;
use crate::lab::Indexes;
use crate::netlink::Request;
use crate::nic::Nic;
use crate::rtnetlink::{self, Link};
use crate::sys::{self, Namespace, Tun};

/// A host: a network namespace of its own.
///
/// A handle is cheap to clone. The namespace lives as long as a handle to it, an interface of it, or a socket, thread
/// or process inside.
///
/// A host starts out with the settings of a freshly installed kernel, whatever the administrator of the real machine
/// has chosen (no reverse path filter, no forwarding), and asks for no IPv6 router. Where `/proc/sys` is read-only,
/// as in some containers, it has the real machine's settings instead.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    namespace: Namespace,
    rtnetlink: Mutex<Dialogue>,
    indexes: Arc<Indexes>,
    routes_added: AtomicU32,
    tunnels: Mutex<Vec<Tun>>,
}

impl Host {
    pub(crate) fn new(name: &str, indexes: &Arc<Indexes>) -> io::Result<Self> {
        Self::furnished(name, indexes, &HOST_SETTINGS)
    }

    /// The host whose bridges are the segments; it takes no part in any conversation.
    pub(crate) fn switch(indexes: &Arc<Indexes>) -> io::Result<Self> {
        Self::furnished("switch", indexes, &SWITCH_SETTINGS)
    }

    fn furnished(
        name: &str,
        indexes: &Arc<Indexes>,
        settings: &[(&str, &str)],
    ) -> io::Result<Self> {
        let (namespace, rtnetlink) = Namespace::create(|| {
            let mut rtnetlink = Dialogue::open()?;
            rtnetlink.exchange(rtnetlink::set_up(LOOPBACK_INDEX, true))?;
            for (setting, value) in settings {
                // Without these a host is less predictable, yet of use; see the documentation of `Host`.
                let _ = fs::write(format!("/proc/sys/{setting}"), value);
            }
            Ok(rtnetlink)
        })?;
        let inner = Inner {
            name: name.to_owned(),
            namespace,
            rtnetlink: Mutex::new(rtnetlink),
            indexes: Arc::clone(indexes),
            routes_added: AtomicU32::new(0),
            tunnels: Mutex::new(Vec::new()),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Runs `work` on this host and waits for it.
    ///
    /// It runs on a thread of its own inside the host's namespace: sockets opened there, and threads and processes
    /// started there, belong to this host for as long as they live, wherever they are used. Several closures may run
    /// on a host at a time, and a closure may itself run something on this host or on another.
    ///
    /// # Panics
    ///
    /// If `work` panics, with the same payload.
    #[track_caller]
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        thread::scope(|scope| {
            let thread = thread::Builder::new().name(self.inner.name.clone());
            let thread = thread
                .spawn_scoped(scope, || self.inside(work))
                .or_panic(format_args!("start a thread on {self:?}"));
            value_or_panic(thread.join())
        })
    }

    /// Runs `work` as [`run`](Self::run) does, but where `bind(2)` is refused (`EACCES`), as Android refuses it of netlink
    /// sockets to apps.
    #[track_caller]
    pub fn run_without_bind<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.run(|| {
            sys::refuse_bind().or_panic(format_args!("refuse bind(2) on {self:?}"));
            work()
        })
    }

    /// Runs `work` as [`run`](Self::run) does, but where sockets cannot be tied to a device (`EPERM`), as on Linux before
    /// 5.7 without privilege.
    #[track_caller]
    pub fn run_without_device_binding<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.run(|| {
            sys::refuse_device_binding()
                .or_panic(format_args!("refuse to tie sockets to devices on {self:?}"));
            work()
        })
    }

    /// Starts `work` on this host, as [`run`](Self::run) does; its value is collected with [`Task::join`].
    #[track_caller]
    pub fn spawn<R: Send + 'static>(&self, work: impl FnOnce() -> R + Send + 'static) -> Task<R> {
        let host = self.clone();
        let thread = thread::Builder::new().name(self.inner.name.clone());
        let thread = thread
            .spawn(move || host.inside(work))
            .or_panic(format_args!("start a thread on {self:?}"));
        Task { thread }
    }

    /// Adds a route to `destination`, such as `"10.0.0.0/8"` or `"ff00::/8"`, out of `nic`, through `gateway` if there is
    /// one; an IPv4 route may have an IPv6 gateway (Linux 5.2).
    ///
    /// `"default"` is the default route of the gateway's family, or of IPv4 without a gateway. Of several routes to the
    /// same destination the one added first is preferred.
    #[track_caller]
    pub fn add_route(&self, destination: &str, nic: &Nic, gateway: Option<IpAddr>) {
        let doing = format_args!("add a route to {destination} out of {nic:?}");
        let destination = parse_destination(destination, gateway).or_panic(doing);
        let metric = 1 + self.inner.routes_added.fetch_add(1, Ordering::Relaxed);
        let request = rtnetlink::new_route(destination, nic.index(), gateway, metric);
        self.request(request).or_panic(doing);
    }

    /// Adds a route to `destination`, as [`add_route`](Self::add_route) takes it, that leads nowhere.
    #[track_caller]
    pub fn add_dead_end(&self, destination: &str, dead_end: DeadEnd) {
        let doing = format_args!("make {destination} {dead_end:?} on {self:?}");
        let destination = parse_destination(destination, None).or_panic(doing);
        self.request(rtnetlink::new_dead_end(destination, dead_end))
            .or_panic(doing);
    }

    /// Adds the default route of the gateway's family; without a gateway, those of IPv4 and of IPv6, as on a tunnel.
    #[track_caller]
    pub fn add_default_route(&self, nic: &Nic, gateway: Option<IpAddr>) {
        self.add_route("default", nic, gateway);
        if gateway.is_none() {
            self.add_route("::/0", nic, None);
        }
    }

    /// Removes a route that [`add_route`](Self::add_route) added, whatever its gateway.
    #[track_caller]
    pub fn remove_route(&self, destination: &str, nic: &Nic) {
        let doing = format_args!("remove the route to {destination} out of {nic:?}");
        let destination = parse_destination(destination, None).or_panic(doing);
        self.request(rtnetlink::delete_route(destination, nic.index()))
            .or_panic(doing);
    }

    /// Writes a setting below `/proc/sys` as this host sees it, such as `"net/ipv4/conf/all/rp_filter"`.
    ///
    /// Everything below `net` that exists per namespace is this host's own.
    #[track_caller]
    pub fn sysctl(&self, setting: &str, value: &str) {
        self.run(|| fs::write(format!("/proc/sys/{setting}"), value))
            .or_panic(format_args!("set {setting} to {value} on {self:?}"));
    }

    /// Reads a setting below `/proc/sys` as this host sees it.
    #[must_use]
    #[track_caller]
    pub fn read_sysctl(&self, setting: &str) -> String {
        self.run(|| fs::read_to_string(format!("/proc/sys/{setting}")))
            .or_panic(format_args!("read {setting} on {self:?}"))
            .trim()
            .to_owned()
    }

    /// The name given when the host was made.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Sends an rtnetlink request to this host's namespace, from whatever thread.
    pub(crate) fn request(&self, request: Request) -> io::Result<()> {
        self.exchange(request).map(drop)
    }

    pub(crate) fn link(&self, index: u32) -> io::Result<Link> {
        decode(&self.exchange(rtnetlink::link_by_index(index))?)
    }

    pub(crate) fn link_named(&self, name: &str) -> io::Result<Link> {
        decode(&self.exchange(rtnetlink::link_by_name(name))?)
    }

    /// Whether the kernel takes in what is sent to this address of a link.
    ///
    /// It makes the route for an IPv6 address on a work queue, some time after the address is there, and tells of the
    /// address just before.
    pub(crate) fn takes_in(&self, index: u32, local: IpAddr) -> bool {
        let way = self.exchange(rtnetlink::way_to_own(index, local));
        way.is_ok_and(|way| rtnetlink::leads_home(&way)) // there may be no way at all
    }

    pub(crate) fn next_index(&self) -> u32 {
        self.inner.indexes.next()
    }

    pub(crate) fn namespace(&self) -> &Namespace {
        &self.inner.namespace
    }

    /// Keeps a tunnel alive as long as the host.
    pub(crate) fn keep(&self, tunnel: Tun) {
        let tunnels = self.inner.tunnels.lock();
        tunnels.unwrap_or_else(PoisonError::into_inner).push(tunnel);
    }

    /// Sends an rtnetlink request for many objects, and has `visit` see each of them.
    pub(crate) fn dump(&self, request: Request, visit: impl FnMut(&[u8])) -> io::Result<()> {
        let rtnetlink = self.inner.rtnetlink.lock();
        rtnetlink
            .unwrap_or_else(PoisonError::into_inner)
            .dump(request, visit)
    }

    fn exchange(&self, request: Request) -> io::Result<Vec<u8>> {
        let rtnetlink = self.inner.rtnetlink.lock();
        rtnetlink
            .unwrap_or_else(PoisonError::into_inner)
            .exchange(request)
    }

    fn inside<R>(&self, work: impl FnOnce() -> R) -> R {
        self.inner
            .namespace
            .enter()
            .or_panic(format_args!("enter {self:?}"));
        if is_without_device_binding() {
            sys::refuse_device_binding().or_panic("refuse to tie sockets to devices");
        }
        work()
    }
}

/// Whether the environment says that on no host a socket can be tied to a device
/// (`IFCAST_PINNING=address-free`), as on Linux before 5.7 without privilege, and as on Apple's systems what is received
/// is not filtered by interface.
#[must_use]
pub fn is_without_device_binding() -> bool {
    static IS_SO: LazyLock<bool> = LazyLock::new(|| {
        let pinning = env::var_os("IFCAST_PINNING");
        pinning.is_some_and(|pinning| pinning == "address-free")
    });
    *IS_SO
}

/// How a route leads nowhere; see [`Host::add_dead_end`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadEnd {
    /// Whoever sends is told that the host cannot be reached (`EHOSTUNREACH`).
    Unreachable,
    /// Whoever sends is told nothing that makes sense (`EINVAL`).
    Blackhole,
    /// Whoever sends is told that it is forbidden (`EACCES`).
    Prohibited,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Host").field(&self.inner.name).finish()
    }
}

/// Work in progress on a [`Host`].
///
/// A task that is dropped goes on unattended; if the process ends first, so does the task.
#[derive(Debug)]
#[must_use = "a panic on the host goes unnoticed unless the task is joined"]
pub struct Task<R> {
    thread: thread::JoinHandle<R>,
}

impl<R> Task<R> {
    /// Waits for the work and returns its value.
    ///
    /// # Panics
    ///
    /// If the work panicked, with the same payload.
    pub fn join(self) -> R {
        value_or_panic(self.thread.join())
    }

    /// Whether the work is done.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}

fn value_or_panic<R>(outcome: Result<R, Box<dyn Any + Send>>) -> R {
    outcome.unwrap_or_else(|payload| resume_unwind(payload))
}

fn decode(message: &[u8]) -> io::Result<Link> {
    Link::decode(message)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a malformed link message"))
}

fn parse_destination(text: &str, gateway: Option<IpAddr>) -> io::Result<Prefixed> {
    match (text, gateway) {
        ("default", Some(IpAddr::V6(_))) => Prefixed::parse("::/0"),
        ("default", _) => Prefixed::parse("0.0.0.0/0"),
        _ => Prefixed::parse(text),
    }
}

/// `lo` is the first interface of every namespace.
const LOOPBACK_INDEX: u32 = 1;

/// A new namespace copies the IPv4 settings of the real machine, hence the first ten.
const HOST_SETTINGS: [(&str, &str); 14] = [
    ("net/ipv4/conf/all/forwarding", "0"),
    ("net/ipv4/conf/default/forwarding", "0"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/force_igmp_version", "0"),
    ("net/ipv4/conf/default/force_igmp_version", "0"),
    ("net/ipv4/conf/all/promote_secondaries", "0"),
    ("net/ipv4/conf/default/promote_secondaries", "0"),
    ("net/ipv4/conf/all/accept_local", "0"),
    ("net/ipv4/conf/default/accept_local", "0"),
    ("net/ipv6/conf/default/accept_ra", "0"),
    ("net/ipv6/conf/default/autoconf", "0"),
    ("net/ipv6/conf/default/router_solicitations", "0"),
    ("net/ipv6/conf/default/forwarding", "0"),
];

/// A switch has no opinion about what it forwards.
const SWITCH_SETTINGS: [(&str, &str); 3] = [
    ("net/ipv6/conf/all/disable_ipv6", "1"),
    ("net/ipv6/conf/default/disable_ipv6", "1"),
    ("net/ipv4/conf/all/forwarding", "0"),
];
