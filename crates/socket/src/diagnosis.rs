//! What the errors of operating systems mean: one table, of all systems.
//!
//! It asks no system, so that the rows of those that cannot be run here are tested too.
//! Where nobody has seen what a row says, it is from the system's source or from what
//! its users report.

use std::io;

use crate::attempt::Attempt;
use crate::class::Class;
use crate::family::Family;

/// What an error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    pub(crate) class: Class,
    pub(crate) hint: Option<&'static str>,
}

/// Whose errors they are.
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "a build is for one of them, the tests are for all"
    )
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// Linux and Android.
    Linux,
    /// macOS, iOS, tvOS, watchOS, visionOS.
    Apple,
    /// The BSDs and illumos.
    Other,
}

/// What the number of an error means.
pub(crate) fn of(attempt: Attempt, errno: i32, system: System) -> Diagnosis {
    let (class, hint) = specific(attempt, errno, system)
        .map(|(class, hint)| (class, Some(hint)))
        .unwrap_or_else(|| general(errno, system));
    Diagnosis { class, hint }
}

/// What an error means that has no number, since a program has made it.
pub(crate) const fn class_of(kind: io::ErrorKind) -> Class {
    match kind {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::TimedOut => {
            Class::Transient
        }
        io::ErrorKind::PermissionDenied => Class::Policy,
        io::ErrorKind::InvalidInput => Class::Invalid,
        _ => Class::Other,
    }
}

/// What an error means after this attempt, if that makes a difference.
fn specific(attempt: Attempt, errno: i32, system: System) -> Option<(Class, &'static str)> {
    use Attempt as A;
    use System as S;
    Some(match (attempt, errno, system) {
        (A::List, libc::EPERM | libc::EACCES, S::Linux) => (
            Class::Policy,
            "a sandbox forbids netlink, as Android does to apps",
        ),

        (A::Wait, libc::ENOSPC, S::Linux) => (Class::Limit, "fs.epoll.max_user_watches limits it"),

        (A::Open, libc::EPERM | libc::EACCES, S::Linux) => (
            Class::Policy,
            "a sandbox forbids sockets, as Android does to apps without the INTERNET permission",
        ),
        (A::Open, libc::EPERM | libc::EACCES, S::Apple) => {
            (Class::Policy, "the app sandbox may forbid sockets")
        }
        (A::Open, libc::EAFNOSUPPORT, _) => (
            Class::Other,
            "this system has no such family, or it is switched off",
        ),

        // Before 5.7; since then it is that of a socket that has been tied already.
        (A::Pin, libc::EPERM | libc::EACCES, S::Linux) => (
            Class::Policy,
            "before Linux 5.7 that needs CAP_NET_RAW, which Pinning::AddressFree does not",
        ),
        (A::Pin | A::Option, libc::ENODEV | libc::ENXIO | libc::EADDRNOTAVAIL, _)
        | (A::Bind, libc::ENODEV | libc::ENXIO, _) => (
            Class::Gone,
            "the interface has been deleted, one made anew must be looked up again",
        ),

        (A::Option, libc::ENOBUFS, S::Apple) => {
            (Class::Limit, "kern.ipc.maxsockbuf limits buffers")
        }
        (A::Option, libc::ENOBUFS, S::Other) => (
            Class::Limit,
            "kern.ipc.maxsockbuf limits buffers, or kern.sbmax on NetBSD",
        ),

        (A::Bind, libc::EADDRINUSE, S::Linux) => (
            Class::Other,
            "another socket has the port, to share it all must set SO_REUSEADDR \
             (Sharing::WithOthers), SO_REUSEPORT alone does not do",
        ),
        (A::Bind, libc::EADDRINUSE, S::Apple | S::Other) => (
            Class::Other,
            "another socket has the port, to share it all must set SO_REUSEADDR and \
             SO_REUSEPORT (Sharing::WithOthers)",
        ),
        (A::Bind, libc::EACCES, S::Linux) => (
            Class::Policy,
            "ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE",
        ),
        (A::Bind, libc::EACCES, S::Apple | S::Other) => {
            (Class::Policy, "ports below 1024 may need root")
        }

        (A::Send, libc::EPERM, S::Linux) => (
            Class::Policy,
            "a firewall on this host drops it, see the output rules of nftables or iptables",
        ),
        (A::Send, libc::EPERM, S::Apple) => (
            Class::Policy,
            "a firewall, a content filter or the app sandbox \
             (com.apple.security.network.client) forbids it",
        ),
        (A::Send, libc::EPERM, S::Other) => (Class::Policy, "a firewall on this host forbids it"),
        // All sockets of this project set it, if they are of IPv4.
        (A::Send, libc::EACCES, S::Linux) => (
            Class::Policy,
            "a security module forbids it, or SO_BROADCAST is off",
        ),
        (A::Send, libc::EACCES, S::Apple | S::Other) => (
            Class::Policy,
            "a firewall on this host forbids it, or SO_BROADCAST is off",
        ),
        // This is how xnu says it, and root and what runs in a terminal are exempt.
        (A::Send, libc::EHOSTUNREACH, S::Apple) => (
            Class::Privacy,
            "local network privacy, on iOS also the lack of \
             com.apple.developer.networking.multicast, or for a while boot, wake or a change \
             of link",
        ),
        // So the BSDs say that the interface that they are told is not that of the route.
        (A::Send, libc::EHOSTUNREACH, S::Other) => (
            Class::Transient,
            "no route leads there by this interface, or nobody answers",
        ),
        (A::Send, libc::EHOSTUNREACH | libc::EHOSTDOWN, _) => {
            (Class::Transient, "no route leads there, or nobody answers")
        }
        (A::Send, libc::ENODEV | libc::ENXIO, _) => (
            Class::Gone,
            "the interface has been deleted, one made anew needs another socket",
        ),
        // What Linux says of a deleted one over IPv6 too.
        (A::Send, libc::ENETUNREACH, _) => (
            Class::Transient,
            "the interface is down or gone, or lacks the family or a route",
        ),
        (A::Send, libc::ENETDOWN, _) => (Class::Transient, "the interface is down"),
        (A::Send, libc::EADDRNOTAVAIL, _) => (
            Class::Transient,
            "the address to send from is still tentative, for a second or two, or has gone",
        ),
        // Where xnu says so, the socket counts as writable all the time.
        (A::Send, libc::ENOBUFS, _) => (
            Class::Transient,
            "the interface's queue is full, wait a little whatever poll says",
        ),
        (A::Send, libc::EAGAIN, _) => (
            Class::Transient,
            "the send buffer is full, wait until the socket is writable",
        ),
        (A::Send, libc::EMSGSIZE, S::Linux) => (
            Class::Invalid,
            "too long for one packet, send less or allow fragments",
        ),
        (A::Send, libc::EMSGSIZE, S::Apple | S::Other) => (
            Class::Invalid,
            "too long, net.inet.udp.maxdgram limits it, and a broadcast must be one packet",
        ),
        (A::Send, libc::EINVAL, S::Linux) => (Class::Invalid, "the destination's port may be 0"),
        (A::Send | A::Receive, libc::ECONNREFUSED, _) => (
            Class::Transient,
            "nobody listened where an earlier datagram went",
        ),

        (A::Join(Family::V4), libc::ENOBUFS | libc::ENOMEM, S::Linux) => (
            Class::Limit,
            "net.ipv4.igmp_max_memberships, net.ipv4.igmp_max_msf and net.core.optmem_max limit it",
        ),
        (A::Join(Family::V6), libc::ENOBUFS | libc::ENOMEM, S::Linux) => (
            Class::Limit,
            "net.ipv6.mld_max_msf and net.core.optmem_max limit it",
        ),
        (
            A::Join(Family::V4),
            libc::ENOBUFS | libc::ENOMEM | libc::ENOSPC | libc::ETOOMANYREFS,
            S::Other,
        ) => (
            Class::Limit,
            "a socket has room for so many groups, 20 on NetBSD, and FreeBSD's \
             net.inet.ip.mcast.maxsocksrc and maxgrpsrc limit sources",
        ),
        (
            A::Join(Family::V4),
            libc::ENOBUFS | libc::ENOMEM | libc::ENOSPC | libc::ETOOMANYREFS,
            S::Apple,
        ) => (
            Class::Limit,
            "a socket has room for some thousand groups, and net.inet.ip.mcast.maxsocksrc and \
             maxgrpsrc limit sources",
        ),
        (
            A::Join(Family::V6),
            libc::ENOBUFS | libc::ENOMEM | libc::ENOSPC | libc::ETOOMANYREFS,
            S::Other,
        ) => (
            Class::Limit,
            "a socket has room for so many groups, and FreeBSD's \
             net.inet6.ip6.mcast.maxsocksrc and maxgrpsrc limit sources",
        ),
        (
            A::Join(Family::V6),
            libc::ENOBUFS | libc::ENOMEM | libc::ENOSPC | libc::ETOOMANYREFS,
            S::Apple,
        ) => (
            Class::Limit,
            "a socket has room for some thousand groups, and net.inet6.ip6.mcast.maxsocksrc and \
             maxgrpsrc limit sources",
        ),
        (A::Join(_), libc::ENODEV | libc::ENXIO, _) => (
            Class::Gone,
            "the interface has been deleted, or has lost the family",
        ),
        (A::Join(Family::V6), libc::EINVAL, S::Linux) => (
            Class::Transient,
            "the interface has no IPv6, for which its MTU must be 1280 or more",
        ),
        (A::Join(_), libc::EADDRINUSE, _) | (A::Join(_), libc::EADDRNOTAVAIL, S::Linux) => (
            Class::Gone,
            "the kernel has lost the membership, leave the group and join it again",
        ),
        (A::Join(_), libc::EADDRNOTAVAIL, S::Apple | S::Other) => (
            Class::Transient,
            "the interface has no address yet, or cannot multicast",
        ),

        (A::Leave, libc::EADDRNOTAVAIL | libc::EINVAL | libc::ENODEV | libc::ENXIO, _) => {
            (Class::Gone, "the kernel has lost the membership")
        }

        _ => return None,
    })
}

/// What an error means whatever was attempted.
fn general(errno: i32, system: System) -> (Class, Option<&'static str>) {
    match errno {
        libc::EAGAIN | libc::EINTR => (Class::Transient, None),
        libc::ENETDOWN
        | libc::ENETUNREACH
        | libc::EHOSTDOWN
        | libc::EHOSTUNREACH
        | libc::EADDRNOTAVAIL
        | libc::ECONNREFUSED => (Class::Transient, None),
        libc::ENOMEM | libc::ENOBUFS => (Class::Transient, Some("the system is short of memory")),
        libc::EPERM | libc::EACCES => (Class::Policy, None),
        libc::EMFILE => (
            Class::Limit,
            Some("ulimit -n limits the descriptors of a process"),
        ),
        libc::ENFILE => {
            let limit = match system {
                System::Linux => "fs.file-max limits the descriptors of all processes",
                System::Apple | System::Other => {
                    "kern.maxfiles limits the descriptors of all processes"
                }
            };
            (Class::Limit, Some(limit))
        }
        libc::ENODEV | libc::ENXIO => (Class::Gone, Some("the interface has been deleted")),
        libc::EINVAL
        | libc::EMSGSIZE
        | libc::EBADF
        | libc::EFAULT
        | libc::ENOTSOCK
        | libc::EISCONN
        | libc::ENOTCONN
        | libc::EDESTADDRREQ => (Class::Invalid, None),
        errno if UNSUPPORTED.contains(&errno) => (Class::Other, Some("this system cannot do that")),
        _ => (Class::Other, None),
    }
}

/// No patterns, because some systems have one number for two of them.
const UNSUPPORTED: [i32; 6] = [
    libc::ENOPROTOOPT,
    libc::EOPNOTSUPP,
    libc::ENOTSUP,
    libc::EAFNOSUPPORT,
    libc::EPROTONOSUPPORT,
    libc::ENOSYS,
];

#[cfg(test)]
mod tests;
