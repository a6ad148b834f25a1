#include "ifcast_sys.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <sys/types.h>

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sockio.h>
#include <sys/utsname.h>

/* The number of the question in Darwin 23, and since Darwin 24. An SDK knows one of the two, if any. */
#define DIRECT_LINK_23 _IOWR('i', 219, struct ifreq)
#define DIRECT_LINK _IOWR('i', 222, struct ifreq)

/* The kernel copies exactly this much in and out, and answers with the first byte after the name. */
_Static_assert(IFNAMSIZ == 16, "length of an interface name");
_Static_assert(sizeof(struct ifreq) == 32, "size of struct ifreq");
_Static_assert(offsetof(struct ifreq, ifr_name) == 0, "place of the name");
_Static_assert(offsetof(struct ifreq, ifr_ifru) == 16, "place of the answer");
#ifdef SIOCGIFDIRECTLINK
_Static_assert(SIOCGIFDIRECTLINK == DIRECT_LINK_23 || SIOCGIFDIRECTLINK == DIRECT_LINK, "number of the ioctl");
_Static_assert(offsetof(struct ifreq, ifr_ifru.ifru_is_directlink) == 16, "place of the answer by its name");
_Static_assert(sizeof(((struct ifreq *)0)->ifr_ifru.ifru_is_directlink) == 1, "size of the answer");
#endif

/* src/direct_link.rs holds the same numbers, and a test there reads these lines. */
_Static_assert(DIRECT_LINK_23 == 0xC02069DB, "DIRECT_LINK_23");
_Static_assert(DIRECT_LINK == 0xC02069DE, "DIRECT_LINK");

int
ifcast_sys_direct_link(int socket, const char *name, uint32_t question, uint32_t *is_direct_link)
{
    struct ifreq request;

    /* To the wrong kernel, these are orders. */
    if (question != DIRECT_LINK_23 && question != DIRECT_LINK)
        return EOPNOTSUPP;
    memset(&request, 0, sizeof(request));
    if (strlcpy(request.ifr_name, name, sizeof(request.ifr_name)) >= sizeof(request.ifr_name))
        return ENAMETOOLONG;
    /* No retry on EINTR: the kernel reads one bit and does not sleep for a signal to interrupt. */
    if (ioctl(socket, question, &request) == -1)
        return errno;
    *is_direct_link = *(const uint8_t *)&request.ifr_ifru;
    return 0;
}

int
ifcast_sys_release(char *release, uint32_t length)
{
    struct utsname system;

    if (uname(&system) == -1)
        return errno;
    if (strlcpy(release, system.release, length) >= length)
        return ENAMETOOLONG;
    return 0;
}
