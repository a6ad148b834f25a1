#define _GNU_SOURCE
#include "send.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <netinet/in.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define MOST_SEGMENTS 64    /* UDP_MAX_SEGMENTS before Linux 6.9 */
#define MOST_BYTES    65000 /* with the headers of either family below 65535 */

int
sender_segments(struct sender *sender, int socket)
{
    uint16_t segment = (uint16_t)sender->len;
    unsigned most = MOST_BYTES / segment < MOST_SEGMENTS ? MOST_BYTES / segment : MOST_SEGMENTS;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
    } control;
    struct iovec vector;
    struct msghdr header = {
        .msg_name = &sender->name,
        .msg_namelen = sender->name_len,
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control),
    };

    memset(&control, 0, sizeof(control));
    control.header.cmsg_level = IPPROTO_UDP;
    control.header.cmsg_type = UDP_SEGMENT;
    control.header.cmsg_len = CMSG_LEN(sizeof(segment));
    memcpy(CMSG_DATA(&control.header), &segment, sizeof(segment));
    for (unsigned first = 0; first < sender->count;) {
        unsigned batch = sender->count - first < most ? sender->count - first : most;

        vector.iov_base = sender->payloads + first * sender->len;
        vector.iov_len = batch * sender->len;
        if (sendmsg(socket, &header, 0) < 0)
            return -errno;
        first += batch;
    }
    return 0;
}
