//! What every system has.

crate::same!(libc::{
    AF_INET, AF_INET6, AF_UNSPEC, SOCK_DGRAM, SOCK_RAW,
    SOL_SOCKET, SO_BROADCAST, SO_RCVBUF, SO_REUSEADDR,
    IPPROTO_IP, IP_MULTICAST_IF, IP_MULTICAST_LOOP, IP_MULTICAST_TTL, IP_TOS, IP_TTL,
    IPPROTO_IPV6, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_LOOP, IPV6_UNICAST_HOPS, IPV6_V6ONLY,
    MSG_CTRUNC, MSG_DONTWAIT, MSG_TRUNC,
    FD_CLOEXEC, F_GETFD, F_SETFD, F_SETFL, O_NONBLOCK,
    IFF_BROADCAST, IFF_LOOPBACK, IFF_MULTICAST, IFF_POINTOPOINT, IFF_RUNNING, IFF_UP,
});

crate::same!(libc::{
    EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EBADF, EBUSY, ECONNREFUSED, EDESTADDRREQ, EDOM, EFAULT,
    EHOSTDOWN, EHOSTUNREACH, EINTR, EINVAL, EIO, EISCONN, EMFILE, EMSGSIZE, ENETDOWN, ENETUNREACH, ENFILE, ENOBUFS,
    ENODEV, ENOENT, ENOMEM, ENOPROTOOPT, ENOSPC, ENOSYS, ENOTCONN, ENOTSOCK, ENOTSUP, ENXIO, EOPNOTSUPP, EPERM,
    EPROTONOSUPPORT, ETOOMANYREFS, EWOULDBLOCK,
});

crate::layouts! {
    "struct sockaddr" = libc::sockaddr { sa_family, sa_data }
    "struct sockaddr_in" = libc::sockaddr_in { sin_family, sin_port, sin_addr }
    "struct sockaddr_in6" = libc::sockaddr_in6 { sin6_family, sin6_port, sin6_flowinfo, sin6_addr, sin6_scope_id }
    "struct sockaddr_storage" = libc::sockaddr_storage { ss_family }
    "struct iovec" = libc::iovec { iov_base, iov_len }
    "struct msghdr" = libc::msghdr {
        msg_name, msg_namelen, msg_iov, msg_iovlen, msg_control, msg_controllen, msg_flags,
    }
    "struct cmsghdr" = libc::cmsghdr { cmsg_len, cmsg_level, cmsg_type }
    "struct ifaddrs" = libc::ifaddrs { ifa_next, ifa_name, ifa_flags, ifa_addr, ifa_netmask, ifa_data }
    "struct ipv6_mreq" = libc::ipv6_mreq { ipv6mr_multiaddr, ipv6mr_interface }
}

crate::claims! {
    "sizeof(socklen_t)" => size_of::<libc::socklen_t>(),
    "sizeof(sa_family_t)" => size_of::<libc::sa_family_t>(),
}
