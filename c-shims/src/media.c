#include "ifcast_sys.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <sys/types.h>

#include <net/if.h>
#include <net/if_media.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sockio.h>

/* Not in every SDK. */
#ifndef SIOCGIFXMEDIA
#define SIOCGIFXMEDIA _IOWR('i', 72, struct ifmediareq)
#endif

/* The kernel copies exactly this much in and out, and answers at exactly this place. */
_Static_assert(IFNAMSIZ == 16, "length of an interface name");
_Static_assert(offsetof(struct ifmediareq, ifm_name) == 0, "place of the name");
_Static_assert(offsetof(struct ifmediareq, ifm_status) == 24, "place of the status");
_Static_assert(sizeof(((struct ifmediareq *)0)->ifm_status) == sizeof(uint32_t), "size of the status");
_Static_assert(offsetof(struct ifmediareq, ifm_count) == 32, "place of the list's length");
_Static_assert(offsetof(struct ifmediareq, ifm_ulist) == 36, "place of the list, which is not aligned");
#ifdef __LP64__
_Static_assert(sizeof(struct ifmediareq) == 44, "size of struct ifmediareq");
_Static_assert(SIOCGIFXMEDIA == 0xC02C6948, "number of the ioctl");
_Static_assert(SIOCGIFMEDIA == 0xC02C6938, "number of the older ioctl");
#else
_Static_assert(sizeof(struct ifmediareq) == 40, "size of struct ifmediareq");
_Static_assert(SIOCGIFXMEDIA == 0xC0286948, "number of the ioctl");
_Static_assert(SIOCGIFMEDIA == 0xC0286938, "number of the older ioctl");
#endif

/* src/media.rs holds the same numbers, and a test there reads these lines. */
_Static_assert(IFM_AVALID == 0x1, "AVALID");
_Static_assert(IFM_ACTIVE == 0x2, "ACTIVE");
_Static_assert(EINVAL == 22, "EINVAL");
_Static_assert(ENOTSUP == 45, "ENOTSUP");
_Static_assert(EOPNOTSUPP == 102, "EOPNOTSUPP");

static int
ask(int socket, unsigned long question, struct ifmediareq *request)
{
    int answer;

    /* The interface's driver answers, and no rule keeps it from sleeping until a signal interrupts it. */
    do
        answer = ioctl(socket, question, request);
    while (answer == -1 && errno == EINTR);
    return answer == -1 ? errno : 0;
}

int
ifcast_sys_media_status(int socket, const char *name, uint32_t *status)
{
    struct ifmediareq request; /* with room for no list of media, so that none is written */
    int error;

    memset(&request, 0, sizeof(request));
    if (strlcpy(request.ifm_name, name, sizeof(request.ifm_name)) >= sizeof(request.ifm_name))
        return ENAMETOOLONG;
    error = ask(socket, SIOCGIFXMEDIA, &request);
    if (error != 0)
        error = ask(socket, SIOCGIFMEDIA, &request);
    if (error == 0)
        *status = (uint32_t)request.ifm_status;
    return error;
}
