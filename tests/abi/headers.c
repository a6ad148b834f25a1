/* The headers of each system, and then what Rust takes for granted of them: lines of _Static_assert, which
 * scripts/check-targets has rustc write for the same system and gives as CLAIMS.
 *
 * What a system's own header lacks is not here either: a claim of it does not compile. */
#define _GNU_SOURCE
#define __APPLE_USE_RFC_3542 /* without which IPV6_PKTINFO is another number */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <net/if.h>

#include <ifaddrs.h>
#include <netinet/in.h>

#if defined(__linux__)
/* The kernel's own numbers, which a C library may have the same or others of: musl's SO_TIMESTAMPNS is SO_TIMESTAMPNS_NEW
 * where a long has 32 bits. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wmacro-redefined"
#include <asm/socket.h>
#pragma clang diagnostic pop
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/nl80211.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/udp.h>
#else
#include <net/if_dl.h>
#include <net/if_types.h>
#include <net/route.h>
#endif

#if defined(__APPLE__)
#include <net/net_kev.h>
/* Every SDK of Apple's has this header, but compilers that bring Apple's headers along may not. */
#if __has_include(<sys/kern_event.h>)
#include <sys/kern_event.h>
#else
struct kern_event_msg {
    uint32_t total_size;
    uint32_t vendor_code;
    uint32_t kev_class;
    uint32_t kev_subclass;
    uint32_t id;
    uint32_t event_code;
    uint32_t event_data[1];
};
#endif
#endif

/* Functions that Rust declares by itself: another declaration than the header's does not compile. */
#if defined(__APPLE__)
int setsourcefilter(int, uint32_t, struct sockaddr *, socklen_t, uint32_t, uint32_t, struct sockaddr_storage *);
int getsourcefilter(int, uint32_t, struct sockaddr *, socklen_t, uint32_t *, uint32_t *, struct sockaddr_storage *);
#endif
#if defined(__APPLE__) || defined(__FreeBSD__)
int getifmaddrs(struct ifmaddrs **);
void freeifmaddrs(struct ifmaddrs *);
#endif

#include CLAIMS
