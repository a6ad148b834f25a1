#include "ifcast_sys.h"

#include <errno.h>
#include <fcntl.h>

int
ifcast_sys_prepare(int descriptor)
{
    int flags;

    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) == -1)
        return errno;
    flags = fcntl(descriptor, F_GETFL);
    if (flags == -1 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == -1)
        return errno;
    return 0;
}
