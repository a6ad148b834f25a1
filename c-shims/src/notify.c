#include "ifcast_sys.h"

/* Every SDK of Apple's has this header, but compilers that bring Apple's headers along may not. What is asserted below
 * holds for both definitions. */
#if __has_include(<notify.h>)
#include <notify.h>
#else
#define NOTIFY_STATUS_OK 0
#define NOTIFY_STATUS_NOT_AUTHORIZED 7

uint32_t notify_register_file_descriptor(const char *name, int *notify_fd, int flags, int *out_token);
uint32_t notify_cancel(int token);
#endif

/* src/notify.rs holds the same numbers, and a test there reads these lines. */
_Static_assert(NOTIFY_STATUS_OK == 0, "OK");
_Static_assert(NOTIFY_STATUS_NOT_AUTHORIZED == 7, "NOT_AUTHORIZED");

uint32_t
ifcast_sys_network_change_register(int *descriptor, int *token)
{
    /* kNotifySCNetworkChange of <notify_keys.h>. Without NOTIFY_REUSE, libnotify makes a descriptor. */
    return notify_register_file_descriptor("com.apple.system.config.network_change", descriptor, 0, token);
}

uint32_t
ifcast_sys_network_change_cancel(int token)
{
    return notify_cancel(token);
}
