#include "ifcast_sys.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include <sys/types.h>

#include <sys/ioctl.h>
#include <sys/socket.h>

/* Every SDK of Apple's has this header, but compilers that bring Apple's headers along may not. What is asserted below
 * holds for both definitions. */
#if __has_include(<sys/kern_event.h>)
#include <sys/kern_event.h>
#else
struct kev_request {
    uint32_t vendor_code;
    uint32_t kev_class;
    uint32_t kev_subclass;
};

#define SIOCSKEVFILT _IOW('e', 2, struct kev_request)

#define SYSPROTO_EVENT 1
#define KEV_VENDOR_APPLE 1
#define KEV_NETWORK_CLASS 1
#define KEV_ANY_SUBCLASS 0
#endif

_Static_assert(PF_SYSTEM == 32, "domain of the socket");
_Static_assert(SYSPROTO_EVENT == 1, "protocol of the socket");
_Static_assert(sizeof(struct kev_request) == 12, "size of struct kev_request");
_Static_assert(offsetof(struct kev_request, vendor_code) == 0, "place of the vendor");
_Static_assert(offsetof(struct kev_request, kev_class) == 4, "place of the class");
_Static_assert(offsetof(struct kev_request, kev_subclass) == 8, "place of the subclass");
_Static_assert(sizeof(((struct kev_request *)0)->vendor_code) == sizeof(uint32_t), "size of the vendor");
_Static_assert(sizeof(((struct kev_request *)0)->kev_class) == sizeof(uint32_t), "size of the class");
_Static_assert(sizeof(((struct kev_request *)0)->kev_subclass) == sizeof(uint32_t), "size of the subclass");
_Static_assert(SIOCSKEVFILT == 0x800C6502, "number of the ioctl");
_Static_assert(KEV_VENDOR_APPLE == 1, "number of the vendor");
_Static_assert(KEV_NETWORK_CLASS == 1, "number of the class");
_Static_assert(KEV_ANY_SUBCLASS == 0, "number of all subclasses");

int
ifcast_sys_kernel_events(int *descriptor)
{
    struct kev_request wanted = {
        .vendor_code = KEV_VENDOR_APPLE,
        .kev_class = KEV_NETWORK_CLASS,
        .kev_subclass = KEV_ANY_SUBCLASS,
    };
    int error, events;

    events = socket(PF_SYSTEM, SOCK_RAW, SYSPROTO_EVENT);
    if (events == -1)
        return errno;
    /* No retry on EINTR: the kernel writes three numbers down. */
    if (ioctl(events, SIOCSKEVFILT, &wanted) == -1) {
        error = errno;
        close(events);
        return error;
    }
    *descriptor = events;
    return 0;
}
