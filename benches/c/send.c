#define _GNU_SOURCE
#include "send.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#define BATCH 32

static void
name_interface(struct msghdr *header, void *control, sa_family_t family, unsigned index)
{
    struct in_pktinfo info = {.ipi_ifindex = (int)index};
    struct in6_pktinfo info6 = {.ipi6_ifindex = index};
    int v6 = family == AF_INET6;
    size_t len = v6 ? sizeof(info6) : sizeof(info);
    struct cmsghdr *c;

    header->msg_control = control;
    header->msg_controllen = CMSG_SPACE(len);
    c = CMSG_FIRSTHDR(header);
    c->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    c->cmsg_type = v6 ? IPV6_PKTINFO : IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(c), v6 ? (void *)&info6 : (void *)&info, len);
}

struct sender *
sender_new(unsigned count, size_t len, const void *name, socklen_t name_len, const unsigned *indexes)
{
    struct sender *sender = calloc(1, sizeof(*sender));

    if (sender == NULL)
        return NULL;
    sender->count = count;
    sender->len = len;
    sender->name_len = name_len;
    memcpy(&sender->name, name, name_len);
    sender->headers = calloc(count, sizeof(*sender->headers));
    sender->vectors = calloc(count, sizeof(*sender->vectors));
    sender->controls = calloc(count, sizeof(*sender->controls));
    sender->payloads = calloc(count, len);
    if (sender->headers == NULL || sender->vectors == NULL || sender->controls == NULL || sender->payloads == NULL) {
        sender_free(sender);
        return NULL;
    }
    for (unsigned i = 0; i < count; i++) {
        struct msghdr *header = &sender->headers[i].msg_hdr;

        sender->vectors[i].iov_base = sender->payloads + i * len;
        sender->vectors[i].iov_len = len;
        header->msg_iov = &sender->vectors[i];
        header->msg_iovlen = 1;
        header->msg_name = &sender->name;
        header->msg_namelen = name_len;
        if (indexes != NULL)
            name_interface(header, sender->controls[i], sender->name.ss_family, indexes[i]);
    }
    return sender;
}

void
sender_free(struct sender *sender)
{
    if (sender == NULL)
        return;
    free(sender->headers);
    free(sender->vectors);
    free(sender->controls);
    free(sender->payloads);
    free(sender);
}

int
sender_batches(struct sender *sender, int socket, unsigned first, unsigned count)
{
    for (unsigned end = first + count; first < end;) {
        unsigned batch = end - first < BATCH ? end - first : BATCH;
        int sent = sendmmsg(socket, sender->headers + first, batch, 0);

        if (sent < 0)
            return -errno;
        first += (unsigned)sent;
    }
    return 0;
}

int
sender_each(struct sender *sender, int socket)
{
    for (unsigned i = 0; i < sender->count; i++) {
        const void *payload = sender->payloads + i * sender->len;

        if (sendto(socket, payload, sender->len, 0, (struct sockaddr *)&sender->name, sender->name_len) < 0)
            return -errno;
    }
    return 0;
}
