//! macOS, iOS, tvOS, watchOS, visionOS.

crate::same!(libc::{
    PF_ROUTE, SO_REUSEPORT, SO_TIMESTAMP, SCM_TIMESTAMP,
    IP_BOUND_IF, IP_DONTFRAG, IP_PKTINFO, IP_RECVTOS, IP_RECVTTL,
    IPV6_BOUND_IF, IPV6_DONTFRAG, IPV6_HOPLIMIT, IPV6_PKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVPKTINFO, IPV6_RECVTCLASS,
    IPV6_TCLASS,
    IFF_OACTIVE,
});

crate::claims! {
    "IP_RECVPKTINFO" => libc::IP_PKTINFO,
    "sizeof(suseconds_t)" => size_of::<libc::suseconds_t>(),
}

crate::layouts! {
    "struct ip_mreqn" = libc::ip_mreqn { imr_multiaddr, imr_address, imr_ifindex }
    "struct in_pktinfo" = libc::in_pktinfo { ipi_ifindex, ipi_spec_dst, ipi_addr }
    "struct in6_pktinfo" = libc::in6_pktinfo { ipi6_addr, ipi6_ifindex }
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
