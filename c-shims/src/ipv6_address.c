#include "ifcast_sys.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <sys/types.h>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sockio.h>

/* The SDK of iOS lacks this header, though its kernel answers. What is asserted below holds for both definitions. */
#if __has_include(<netinet6/in6_var.h>)
#include <netinet6/in6_var.h>
#else
struct in6_ifreq {
    char ifr_name[IFNAMSIZ];
    union {
        struct sockaddr_in6 ifru_addr;
        int ifru_flags6;
        uint64_t largest[34]; /* statistics of ICMPv6: 17 counters each of what came in and what went out */
    } ifr_ifru;
};

#define SIOCGIFAFLAG_IN6 _IOWR('i', 73, struct in6_ifreq)

#define IN6_IFF_ANYCAST 0x0001
#define IN6_IFF_TENTATIVE 0x0002
#define IN6_IFF_DUPLICATED 0x0004
#define IN6_IFF_DETACHED 0x0008
#define IN6_IFF_DEPRECATED 0x0010
#define IN6_IFF_NODAD 0x0020
#define IN6_IFF_AUTOCONF 0x0040
#define IN6_IFF_TEMPORARY 0x0080
#define IN6_IFF_DYNAMIC 0x0100
#define IN6_IFF_OPTIMISTIC 0x0200
#define IN6_IFF_SECURED 0x0400
#endif

/* Not in every SDK that has the header. */
#ifndef IN6_IFF_CLAT46
#define IN6_IFF_CLAT46 0x1000
#endif

/* The kernel copies exactly this much in and out, and answers at exactly this place. */
_Static_assert(IFNAMSIZ == 16, "length of an interface name");
_Static_assert(AF_INET6 == 30, "family of the address");
_Static_assert(sizeof(struct sockaddr_in6) == 28, "size of struct sockaddr_in6");
_Static_assert(offsetof(struct sockaddr_in6, sin6_addr) == 8, "place of the bytes of the address");
_Static_assert(sizeof(((struct sockaddr_in6 *)0)->sin6_addr) == 16, "number of the bytes of the address");
_Static_assert(sizeof(struct in6_ifreq) == 288, "size of struct in6_ifreq");
_Static_assert(offsetof(struct in6_ifreq, ifr_name) == 0, "place of the name");
_Static_assert(offsetof(struct in6_ifreq, ifr_ifru.ifru_addr) == 16, "place of the address");
_Static_assert(offsetof(struct in6_ifreq, ifr_ifru.ifru_flags6) == 16, "place of the flags");
_Static_assert(sizeof(((struct in6_ifreq *)0)->ifr_ifru.ifru_flags6) == sizeof(uint32_t), "size of the flags");
_Static_assert(SIOCGIFAFLAG_IN6 == 0xC1206949, "number of the ioctl");

/* src/ipv6_address.rs holds the same numbers, and a test there reads these lines. */
_Static_assert(IN6_IFF_ANYCAST == 0x0001, "ANYCAST");
_Static_assert(IN6_IFF_TENTATIVE == 0x0002, "TENTATIVE");
_Static_assert(IN6_IFF_DUPLICATED == 0x0004, "DUPLICATED");
_Static_assert(IN6_IFF_DETACHED == 0x0008, "DETACHED");
_Static_assert(IN6_IFF_DEPRECATED == 0x0010, "DEPRECATED");
_Static_assert(IN6_IFF_NODAD == 0x0020, "NODAD");
_Static_assert(IN6_IFF_AUTOCONF == 0x0040, "AUTOCONF");
_Static_assert(IN6_IFF_TEMPORARY == 0x0080, "TEMPORARY");
_Static_assert(IN6_IFF_DYNAMIC == 0x0100, "DYNAMIC");
_Static_assert(IN6_IFF_OPTIMISTIC == 0x0200, "OPTIMISTIC");
_Static_assert(IN6_IFF_SECURED == 0x0400, "SECURED");
_Static_assert(IN6_IFF_CLAT46 == 0x1000, "CLAT46");

int
ifcast_sys_ipv6_address_flags(int socket, const char *name, const uint8_t *address, uint32_t *flags)
{
    struct in6_ifreq request;
    struct sockaddr_in6 *question = &request.ifr_ifru.ifru_addr;

    memset(&request, 0, sizeof(request));
    if (strlcpy(request.ifr_name, name, sizeof(request.ifr_name)) >= sizeof(request.ifr_name))
        return ENAMETOOLONG;
    question->sin6_len = sizeof(*question);
    question->sin6_family = AF_INET6;
    /* No scope: the kernel puts that of the interface in, and refuses any other. */
    memcpy(&question->sin6_addr, address, sizeof(question->sin6_addr));
    /* No retry on EINTR: the kernel waits for other questions of this kind, but not so that a signal interrupts it. */
    if (ioctl(socket, SIOCGIFAFLAG_IN6, &request) == -1)
        return errno;
    *flags = (uint32_t)request.ifr_ifru.ifru_flags6;
    return 0;
}
