//! Linux and Android.

crate::same!(libc::{
    AF_NETLINK, AF_PACKET, SOCK_CLOEXEC, SOCK_NONBLOCK,
    SO_BINDTODEVICE, SO_BINDTOIFINDEX, SO_RCVBUFFORCE, SO_RXQ_OVFL,
    IP_MTU_DISCOVER, IP_MULTICAST_ALL, IP_PKTINFO, IP_PMTUDISC_DONT, IP_PMTUDISC_PROBE, IP_RECVTOS, IP_RECVTTL,
    IP_UNICAST_IF,
    IPV6_HOPLIMIT, IPV6_MTU_DISCOVER, IPV6_MULTICAST_ALL, IPV6_PKTINFO, IPV6_PMTUDISC_DONT, IPV6_PMTUDISC_PROBE,
    IPV6_RECVHOPLIMIT, IPV6_RECVPKTINFO, IPV6_RECVTCLASS, IPV6_TCLASS, IPV6_UNICAST_IF,
    SOL_UDP, UDP_GRO, UDP_SEGMENT,
    MCAST_BLOCK_SOURCE, MCAST_EXCLUDE, MCAST_INCLUDE, MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP, MCAST_LEAVE_GROUP,
    MCAST_LEAVE_SOURCE_GROUP, MCAST_MSFILTER, MCAST_UNBLOCK_SOURCE,
});

crate::same!(libc::{
    SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_GENERIC, NETLINK_ROUTE, NETLINK_USERSOCK, NLMSG_DONE, NLMSG_ERROR,
    RTM_DELADDR, RTM_DELLINK, RTM_GETADDR, RTM_GETLINK, RTM_GETROUTE, RTM_NEWADDR, RTM_NEWLINK, RTM_NEWROUTE,
    IFLA_ADDRESS, IFLA_IFNAME, IFLA_LINK, IFLA_LINKINFO, IFLA_MASTER, IFLA_MTU, IFLA_OPERSTATE, IFLA_WIRELESS,
    IFA_ADDRESS, IFA_BROADCAST, IFA_LABEL, IFA_LOCAL,
    RTA_DST, RTA_GATEWAY, RTA_OIF, RTA_PREFSRC,
});

crate::layouts! {
    "struct mmsghdr" = libc::mmsghdr { msg_hdr, msg_len }
    "struct ip_mreqn" = libc::ip_mreqn { imr_multiaddr, imr_address, imr_ifindex }
    "struct in_pktinfo" = libc::in_pktinfo { ipi_ifindex, ipi_spec_dst, ipi_addr }
    "struct in6_pktinfo" = libc::in6_pktinfo { ipi6_addr, ipi6_ifindex }
    "struct sockaddr_nl" = libc::sockaddr_nl { nl_family, nl_pid, nl_groups }
    "struct sockaddr_ll" = libc::sockaddr_ll { sll_ifindex, sll_hatype, sll_halen, sll_addr }
}

crate::claims! {
    // With seconds as long as a `long`, whatever the C library makes of the name.
    "SO_TIMESTAMPNS_OLD" => libc::SO_TIMESTAMPNS,
    "SO_TIMESTAMPNS_OLD" => libc::SCM_TIMESTAMPNS,
    "offsetof(struct ifaddrs, ifa_ifu)" => core::mem::offset_of!(libc::ifaddrs, ifa_ifu),
}
