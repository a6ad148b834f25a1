use std::collections::BTreeSet;

use super::*;

const SYSTEMS: [System; 3] = [System::Linux, System::Apple, System::Other];
const NOT_LINUX: [System; 2] = [System::Apple, System::Other];

const ATTEMPTS: [Attempt; 11] = [
    Attempt::List,
    Attempt::Wait,
    Attempt::Open,
    Attempt::Pin,
    Attempt::Option,
    Attempt::Bind,
    Attempt::Send,
    Attempt::Receive,
    Attempt::Join(Family::V4),
    Attempt::Join(Family::V6),
    Attempt::Leave,
];

const JOINS: [Attempt; 2] = [Attempt::Join(Family::V4), Attempt::Join(Family::V6)];

/// What an error must be after each of these attempts on each of these systems, and what
/// its hint must name; nothing if there must be none.
#[track_caller]
fn assert_is(
    attempts: &[Attempt],
    errnos: &[i32],
    systems: &[System],
    class: Class,
    names: &[&str],
) {
    for (attempt, errno, system) in product(attempts, errnos, systems) {
        let found = of(attempt, errno, system);
        let what = format!("{attempt:?}, error {errno} of {system:?}: {found:?}");
        assert_eq!(found.class, class, "{what}");
        assert_eq!(found.hint.is_some(), !names.is_empty(), "{what}");
        for name in names {
            assert!(found.hint.unwrap().contains(name), "{what}");
        }
    }
}

fn product(
    attempts: &[Attempt],
    errnos: &[i32],
    systems: &[System],
) -> impl Iterator<Item = (Attempt, i32, System)> {
    attempts.iter().flat_map(move |attempt| {
        errnos.iter().flat_map(move |errno| {
            systems
                .iter()
                .map(move |system| (*attempt, *errno, *system))
        })
    })
}

/// Everything that the table says.
fn everything() -> impl Iterator<Item = (Attempt, System, Diagnosis)> {
    ATTEMPTS.into_iter().flat_map(|attempt| {
        SYSTEMS.into_iter().flat_map(move |system| {
            (0..200).map(move |errno| (attempt, system, of(attempt, errno, system)))
        })
    })
}

#[test]
fn a_firewall_is_a_policy() {
    let refused = |system, names| {
        let errnos = [libc::EPERM];
        assert_is(&[Attempt::Send], &errnos, &[system], Class::Policy, names);
    };
    refused(System::Linux, &["firewall", "nftables", "iptables"]);
    refused(
        System::Apple,
        &["firewall", "com.apple.security.network.client"],
    );
    refused(System::Other, &["firewall"]);
}

#[test]
fn a_broadcast_that_is_not_allowed_is_a_policy() {
    let names = ["SO_BROADCAST"];
    let errnos = [libc::EACCES];
    assert_is(&[Attempt::Send], &errnos, &SYSTEMS, Class::Policy, &names);
    let of = |system| of(Attempt::Send, libc::EACCES, system).hint.unwrap();
    assert!(of(System::Linux).contains("security module"));
    assert!(NOT_LINUX.map(of).iter().all(|h| h.contains("firewall")));
}

#[test]
fn a_privileged_port_is_a_policy() {
    let refused = |systems: &[_], names| {
        let errnos = [libc::EACCES];
        assert_is(&[Attempt::Bind], &errnos, systems, Class::Policy, names);
    };
    refused(
        &[System::Linux],
        &["ip_unprivileged_port_start", "CAP_NET_BIND_SERVICE"],
    );
    refused(&NOT_LINUX, &["1024"]);
}

#[test]
fn what_a_sandbox_forbids_is_a_policy() {
    let errnos = [libc::EPERM, libc::EACCES];
    let refused = |attempt, system, names| {
        assert_is(&[attempt], &errnos, &[system], Class::Policy, names);
    };
    refused(Attempt::List, System::Linux, &["Android"]);
    refused(Attempt::Open, System::Linux, &["Android", "INTERNET"]);
    refused(Attempt::Open, System::Apple, &["sandbox"]);
    refused(
        Attempt::Pin,
        System::Linux,
        &["5.7", "CAP_NET_RAW", "AddressFree"],
    );
    // Nobody knows why.
    let others = [
        Attempt::Wait,
        Attempt::Option,
        Attempt::Receive,
        Attempt::Leave,
    ];
    assert_is(&others, &errnos, &SYSTEMS, Class::Policy, &[]);
    assert_is(&JOINS, &errnos, &SYSTEMS, Class::Policy, &[]);
    let not_here = [Attempt::List, Attempt::Pin];
    assert_is(&not_here, &errnos, &NOT_LINUX, Class::Policy, &[]);
    let other = [System::Other];
    assert_is(&[Attempt::Open], &errnos, &other, Class::Policy, &[]);
    let errnos = [libc::EPERM];
    assert_is(&[Attempt::Bind], &errnos, &SYSTEMS, Class::Policy, &[]);
}

#[test]
fn what_cannot_be_reached_is_a_matter_of_privacy_on_apples_systems_only() {
    let errnos = [libc::EHOSTUNREACH];
    let names = [
        "local network privacy",
        "com.apple.developer.networking.multicast",
        "boot, wake or a change of link",
    ];
    let apple = [System::Apple];
    assert_is(&[Attempt::Send], &errnos, &apple, Class::Privacy, &names);
    let others = [System::Linux, System::Other];
    assert_is(
        &[Attempt::Send],
        &errnos,
        &others,
        Class::Transient,
        &["route"],
    );
    let by_this = ["by this interface"];
    let (attempts, others) = ([Attempt::Send], [System::Other]);
    assert_is(&attempts, &errnos, &others, Class::Transient, &by_this);
    let down = [libc::EHOSTDOWN];
    let names = ["nobody answers"];
    assert_is(&[Attempt::Send], &down, &SYSTEMS, Class::Transient, &names);
    for (attempt, system, diagnosis) in everything() {
        let is_that = (attempt, system) == (Attempt::Send, System::Apple);
        assert!(is_that || diagnosis.class != Class::Privacy);
    }
}

#[test]
fn a_deleted_interface_is_gone() {
    let errnos = [libc::ENODEV, libc::ENXIO];
    let gone = |attempts: &[_], errnos: &[_], systems: &[_], names| {
        assert_is(attempts, errnos, systems, Class::Gone, names);
    };
    let unspecific = [
        Attempt::List,
        Attempt::Wait,
        Attempt::Open,
        Attempt::Receive,
    ];
    gone(&unspecific, &errnos, &SYSTEMS, &["deleted"]);
    gone(&[Attempt::Send], &errnos, &SYSTEMS, &["another socket"]);
    gone(&JOINS, &errnos, &SYSTEMS, &["deleted", "lost the family"]);
    gone(&[Attempt::Bind], &errnos, &SYSTEMS, &["looked up again"]);
    let choices = [Attempt::Pin, Attempt::Option];
    let errnos = [libc::ENODEV, libc::ENXIO, libc::EADDRNOTAVAIL];
    gone(&choices, &errnos, &SYSTEMS, &["looked up again"]);
}

#[test]
fn a_membership_that_the_kernel_has_lost_is_gone() {
    let again = ["leave the group", "join it again"];
    let errnos = [libc::EADDRINUSE];
    assert_is(&JOINS, &errnos, &SYSTEMS, Class::Gone, &again);
    let errnos = [libc::EADDRNOTAVAIL];
    assert_is(&JOINS, &errnos, &[System::Linux], Class::Gone, &again);
    let errnos = [libc::EADDRNOTAVAIL, libc::EINVAL, libc::ENODEV, libc::ENXIO];
    let names = ["lost the membership"];
    assert_is(&[Attempt::Leave], &errnos, &SYSTEMS, Class::Gone, &names);
}

#[test]
fn what_an_interface_lacks_for_a_while_is_transient() {
    let transient = |attempts: &[_], errno, systems: &[_], names| {
        assert_is(attempts, &[errno], systems, Class::Transient, names);
    };
    let sending = [Attempt::Send];
    let names = ["down or gone", "family", "route"];
    transient(&sending, libc::ENETUNREACH, &SYSTEMS, &names);
    transient(&sending, libc::ENETDOWN, &SYSTEMS, &["down"]);
    let names = ["tentative", "second", "gone"];
    transient(&sending, libc::EADDRNOTAVAIL, &SYSTEMS, &names);
    let names = ["no address yet"];
    transient(&JOINS, libc::EADDRNOTAVAIL, &NOT_LINUX, &names);
    let over_ipv6 = [Attempt::Join(Family::V6)];
    let names = ["IPv6", "MTU", "1280"];
    transient(&over_ipv6, libc::EINVAL, &[System::Linux], &names);
    let receiving = [Attempt::Receive, Attempt::Wait];
    for errno in [libc::ENETDOWN, libc::ENETUNREACH, libc::EHOSTDOWN] {
        transient(&receiving, errno, &SYSTEMS, &[]);
    }
    transient(&receiving, libc::EHOSTUNREACH, &SYSTEMS, &[]);
    transient(&[Attempt::Bind], libc::EADDRNOTAVAIL, &SYSTEMS, &[]);
}

#[test]
fn what_is_full_is_transient() {
    let transient = |attempts: &[_], errnos: &[_], names| {
        assert_is(attempts, errnos, &SYSTEMS, Class::Transient, names);
    };
    let sending = [Attempt::Send];
    transient(&sending, &[libc::ENOBUFS], &["queue", "whatever poll says"]);
    transient(&sending, &[libc::EAGAIN], &["send buffer", "writable"]);
    transient(&sending, &[libc::EWOULDBLOCK], &["send buffer"]);
    transient(&[Attempt::Receive], &[libc::EAGAIN, libc::EINTR], &[]);
    transient(&sending, &[libc::EINTR], &[]);
    let memory = [libc::ENOMEM, libc::ENOBUFS];
    let attempts = [
        Attempt::List,
        Attempt::Open,
        Attempt::Bind,
        Attempt::Receive,
    ];
    transient(&attempts, &memory, &["memory"]);
    transient(&sending, &[libc::ENOMEM], &["memory"]);
    let refused = [libc::ECONNREFUSED];
    let both = [Attempt::Send, Attempt::Receive];
    transient(&both, &refused, &["nobody listened"]);
}

#[test]
fn too_many_memberships_are_a_limit_with_the_systems_own_names() {
    let limit = |family, errnos: &[_], systems: &[_], names| {
        let attempts = [Attempt::Join(family)];
        assert_is(&attempts, errnos, systems, Class::Limit, names);
    };
    let errnos = [libc::ENOBUFS, libc::ENOMEM];
    let linux = [System::Linux];
    let v4 = [
        "net.ipv4.igmp_max_memberships",
        "net.ipv4.igmp_max_msf",
        "net.core.optmem_max",
    ];
    limit(Family::V4, &errnos, &linux, &v4);
    let v6 = ["net.ipv6.mld_max_msf", "net.core.optmem_max"];
    limit(Family::V6, &errnos, &linux, &v6);
    let errnos = [
        libc::ENOBUFS,
        libc::ENOMEM,
        libc::ENOSPC,
        libc::ETOOMANYREFS,
    ];
    let v4 = ["groups", "net.inet.ip.mcast.maxsocksrc"];
    limit(Family::V4, &errnos, &NOT_LINUX, &v4);
    limit(Family::V4, &errnos, &[System::Other], &["20 on NetBSD"]);
    let v6 = ["groups", "net.inet6.ip6.mcast.maxsocksrc"];
    limit(Family::V6, &errnos, &NOT_LINUX, &v6);
    limit(Family::V6, &errnos, &[System::Other], &["FreeBSD's"]);
    let hint = of(Attempt::Join(Family::V6), libc::ENOBUFS, System::Linux).hint;
    assert!(!hint.unwrap().contains("ipv4"));
}

#[test]
fn too_many_descriptors_are_a_limit_whatever_was_attempted() {
    let limit = |errno, systems: &[_], names| {
        assert_is(&ATTEMPTS, &[errno], systems, Class::Limit, names);
    };
    limit(libc::EMFILE, &SYSTEMS, &["ulimit -n"]);
    limit(libc::ENFILE, &[System::Linux], &["fs.file-max"]);
    limit(libc::ENFILE, &NOT_LINUX, &["kern.maxfiles"]);
    let (waiting, linux) = ([Attempt::Wait], [System::Linux]);
    let names = ["fs.epoll.max_user_watches"];
    assert_is(&waiting, &[libc::ENOSPC], &linux, Class::Limit, &names);
    let option = [Attempt::Option];
    let names = ["kern.ipc.maxsockbuf"];
    assert_is(&option, &[libc::ENOBUFS], &NOT_LINUX, Class::Limit, &names);
    let (others, names) = ([System::Other], ["kern.sbmax"]);
    assert_is(&option, &[libc::ENOBUFS], &others, Class::Limit, &names);
}

#[test]
fn a_port_in_use_is_none_of_these_and_says_who_may_share_and_how() {
    let binding = [Attempt::Bind];
    let errnos = [libc::EADDRINUSE];
    let names = ["Sharing::WithOthers", "SO_REUSEADDR", "SO_REUSEPORT"];
    assert_is(&binding, &errnos, &SYSTEMS, Class::Other, &names);
    let linux = ["SO_REUSEPORT alone does not do"];
    assert_is(&binding, &errnos, &[System::Linux], Class::Other, &linux);
    let others = ["SO_REUSEADDR and SO_REUSEPORT"];
    assert_is(&binding, &errnos, &NOT_LINUX, Class::Other, &others);
}

#[test]
fn what_makes_no_sense_is_invalid() {
    let invalid = |attempts: &[_], errnos: &[_], systems: &[_], names| {
        assert_is(attempts, errnos, systems, Class::Invalid, names);
    };
    let sending = [Attempt::Send];
    let too_long = [libc::EMSGSIZE];
    invalid(&sending, &too_long, &[System::Linux], &["fragments"]);
    let names = ["net.inet.udp.maxdgram", "one packet"];
    invalid(&sending, &too_long, &NOT_LINUX, &names);
    invalid(&sending, &[libc::EINVAL], &[System::Linux], &["port", "0"]);
    invalid(&sending, &[libc::EINVAL], &NOT_LINUX, &[]);
    let over_ipv4 = [Attempt::Join(Family::V4)];
    invalid(&over_ipv4, &[libc::EINVAL], &SYSTEMS, &[]);
    let attempts = [Attempt::Pin, Attempt::Option, Attempt::Bind];
    let errnos = [
        libc::EINVAL,
        libc::EBADF,
        libc::EFAULT,
        libc::ENOTSOCK,
        libc::EISCONN,
        libc::ENOTCONN,
        libc::EDESTADDRREQ,
        libc::EMSGSIZE,
    ];
    invalid(&attempts, &errnos, &SYSTEMS, &[]);
}

#[test]
fn what_the_system_lacks_is_none_of_these() {
    let attempts = [Attempt::Pin, Attempt::Option, Attempt::Join(Family::V4)];
    let names = ["this system cannot"];
    assert_is(&attempts, &UNSUPPORTED, &SYSTEMS, Class::Other, &names);
    let errnos = [libc::EAFNOSUPPORT];
    let names = ["family", "switched off"];
    assert_is(&[Attempt::Open], &errnos, &SYSTEMS, Class::Other, &names);
    // And what nobody expects.
    let errnos = [libc::EDOM, libc::EIO, 0, -1, i32::MAX];
    assert_is(&ATTEMPTS, &errnos, &SYSTEMS, Class::Other, &[]);
}

#[test]
fn hints_fit_into_a_message() {
    for (_, _, Diagnosis { hint, .. }) in everything() {
        let Some(hint) = hint else { continue };
        assert!(hint.len() <= 150, "{} bytes: {hint}", hint.len());
        let is_lowercase = hint.chars().take(2).any(char::is_lowercase);
        assert!(is_lowercase, "{hint}");
        assert!(!hint.ends_with(['.', ' ']), "{hint}");
        // What separates messages, and hints from messages.
        assert!(
            !hint.contains([';', ':', '\n']) || hint.contains("::"),
            "{hint}"
        );
        assert!(!hint.contains("  "), "{hint}");
    }
}

#[test]
fn no_hint_names_what_only_other_systems_have() {
    let linux = [
        "net.ipv", "net.core", "fs.", "nftables", "CAP_", "Linux", "Android",
    ];
    let others = ["com.apple", "kern.", "net.inet"];
    for (_, system, Diagnosis { hint, .. }) in everything() {
        let foreign: &[_] = match system {
            System::Linux => &others,
            System::Apple | System::Other => &linux,
        };
        let hint = hint.unwrap_or_default();
        let found = foreign.iter().find(|name| hint.contains(*name));
        assert_eq!(found, None, "{system:?}: {hint}");
        assert!(system == System::Apple || !hint.contains("apple"), "{hint}");
    }
}

#[test]
fn there_are_no_more_hints_than_are_tested_above() {
    let hints: BTreeSet<_> = everything()
        .filter_map(|(_, _, found)| found.hint)
        .collect();
    assert_eq!(hints.len(), HINTS, "{hints:#?}");
}

#[test]
fn what_a_program_says_has_the_class_of_its_kind() {
    let class = |kind: io::ErrorKind| {
        let error = io::Error::new(kind, "a program says so");
        let explained = Attempt::Join(Family::V6).explain(&error);
        assert_eq!(explained.hint(), None);
        assert_eq!(explained.to_string(), "a program says so");
        explained.class()
    };
    assert_eq!(class(io::ErrorKind::WouldBlock), Class::Transient);
    assert_eq!(class(io::ErrorKind::Interrupted), Class::Transient);
    assert_eq!(class(io::ErrorKind::TimedOut), Class::Transient);
    assert_eq!(class(io::ErrorKind::PermissionDenied), Class::Policy);
    assert_eq!(class(io::ErrorKind::InvalidInput), Class::Invalid);
    assert_eq!(class(io::ErrorKind::Unsupported), Class::Other);
    assert_eq!(class(io::ErrorKind::AddrInUse), Class::Other);
}

/// Each of them is in a test of its own row.
const HINTS: usize = 48;
