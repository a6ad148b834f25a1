#include "ifcast_sys.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <sys/types.h>

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sockio.h>

/* Not in every SDK that has the ioctl: these came with xnu-6153 and xnu-8796.141.3. */
#ifndef IFRTYPE_FUNCTIONAL_COMPANIONLINK
#define IFRTYPE_FUNCTIONAL_COMPANIONLINK 7
#endif
#ifndef IFRTYPE_FUNCTIONAL_MANAGEMENT
#define IFRTYPE_FUNCTIONAL_MANAGEMENT 8
#endif

/* The kernel copies exactly this much in and out, and answers at exactly this place. */
_Static_assert(IFNAMSIZ == 16, "length of an interface name");
_Static_assert(sizeof(struct ifreq) == 32, "size of struct ifreq");
_Static_assert(offsetof(struct ifreq, ifr_name) == 0, "place of the name");
_Static_assert(offsetof(struct ifreq, ifr_ifru.ifru_functional_type) == 16, "place of the functional type");
_Static_assert(sizeof(((struct ifreq *)0)->ifr_ifru.ifru_functional_type) == sizeof(uint32_t),
    "size of the functional type");
_Static_assert(SIOCGIFFUNCTIONALTYPE == 0xC02069AD, "number of the ioctl");

/* src/functional_type.rs holds the same numbers, and a test there reads these lines. */
_Static_assert(IFRTYPE_FUNCTIONAL_UNKNOWN == 0, "UNKNOWN");
_Static_assert(IFRTYPE_FUNCTIONAL_LOOPBACK == 1, "LOOPBACK");
_Static_assert(IFRTYPE_FUNCTIONAL_WIRED == 2, "WIRED");
_Static_assert(IFRTYPE_FUNCTIONAL_WIFI_INFRA == 3, "WIFI_INFRA");
_Static_assert(IFRTYPE_FUNCTIONAL_WIFI_AWDL == 4, "WIFI_AWDL");
_Static_assert(IFRTYPE_FUNCTIONAL_CELLULAR == 5, "CELLULAR");
_Static_assert(IFRTYPE_FUNCTIONAL_INTCOPROC == 6, "INTCOPROC");
_Static_assert(IFRTYPE_FUNCTIONAL_COMPANIONLINK == 7, "COMPANIONLINK");
_Static_assert(IFRTYPE_FUNCTIONAL_MANAGEMENT == 8, "MANAGEMENT");

int
ifcast_sys_functional_type(int socket, const char *name, uint32_t *functional_type)
{
    struct ifreq request;

    memset(&request, 0, sizeof(request));
    if (strlcpy(request.ifr_name, name, sizeof(request.ifr_name)) >= sizeof(request.ifr_name))
        return ENAMETOOLONG;
    /* No retry on EINTR: the kernel reads one field under a lock and does not sleep for a signal to interrupt. */
    if (ioctl(socket, SIOCGIFFUNCTIONALTYPE, &request) == -1)
        return errno;
    *functional_type = request.ifr_ifru.ifru_functional_type;
    return 0;
}
