//! FreeBSD, NetBSD, OpenBSD.

crate::same!(libc::{
    PF_ROUTE, RTM_DELADDR, RTM_IFANNOUNCE, RTM_IFINFO, RTM_NEWADDR, RTM_VERSION,
    SO_REUSEPORT, SO_TIMESTAMP, SCM_TIMESTAMP,
    IFF_OACTIVE,
    IP_RECVDSTADDR, IP_RECVIF,
    IPV6_DONTFRAG, IPV6_PKTINFO, IPV6_RECVPKTINFO, IPV6_RECVTCLASS, IPV6_TCLASS,
});

#[cfg(target_os = "freebsd")]
crate::same!(libc::{
    IP_DONTFRAG, IP_RECVTOS, IP_RECVTTL,
    MCAST_BLOCK_SOURCE, MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP, MCAST_LEAVE_GROUP, MCAST_LEAVE_SOURCE_GROUP,
    MCAST_UNBLOCK_SOURCE,
});

#[cfg(any(target_os = "netbsd", target_os = "openbsd"))]
crate::same!(libc::{IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IPV6_JOIN_GROUP, IPV6_LEAVE_GROUP});

#[cfg(target_os = "netbsd")]
crate::same!(libc::{IP_PKTINFO});

crate::layouts! {
    "struct sockaddr_dl" = libc::sockaddr_dl {
        sdl_len, sdl_family, sdl_index, sdl_type, sdl_nlen, sdl_alen, sdl_slen, sdl_data,
    }
    "struct if_data" = libc::if_data { ifi_type, ifi_mtu }
    "struct timeval" = libc::timeval { tv_sec, tv_usec }
}

crate::claims! {
    "offsetof(struct ifaddrs, ifa_dstaddr)" => core::mem::offset_of!(libc::ifaddrs, ifa_dstaddr),
    "offsetof(struct sockaddr_in, sin_len)" => core::mem::offset_of!(libc::sockaddr_in, sin_len),
    "offsetof(struct sockaddr_in6, sin6_len)" => core::mem::offset_of!(libc::sockaddr_in6, sin6_len),
    "offsetof(struct sockaddr_storage, ss_len)" => core::mem::offset_of!(libc::sockaddr_storage, ss_len),
}
