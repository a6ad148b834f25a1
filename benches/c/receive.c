#define _GNU_SOURCE
#include "receive.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define CONTROL 128 /* more than packet info takes */
#define EVENTS  256

struct receiver {
    unsigned batch, used;
    size_t slot;
    struct mmsghdr *headers;
    struct iovec *vectors;
    struct sockaddr_in6 *names;
    char (*controls)[CONTROL];
    char *payloads;
    struct epoll_event events[EVENTS];
    volatile uint64_t seen; /* lest the compiler leaves out the looking */
};

struct receiver *
receiver_new(unsigned batch, size_t slot)
{
    struct receiver *receiver = calloc(1, sizeof(*receiver));

    if (receiver == NULL)
        return NULL;
    receiver->batch = receiver->used = batch;
    receiver->slot = slot;
    receiver->headers = calloc(batch, sizeof(*receiver->headers));
    receiver->vectors = calloc(batch, sizeof(*receiver->vectors));
    receiver->names = calloc(batch, sizeof(*receiver->names));
    receiver->controls = calloc(batch, sizeof(*receiver->controls));
    receiver->payloads = calloc(batch, slot);
    if (receiver->headers == NULL || receiver->vectors == NULL || receiver->names == NULL ||
        receiver->controls == NULL || receiver->payloads == NULL) {
        receiver_free(receiver);
        return NULL;
    }
    for (unsigned i = 0; i < batch; i++) {
        struct msghdr *header = &receiver->headers[i].msg_hdr;

        receiver->vectors[i].iov_base = receiver->payloads + i * slot;
        receiver->vectors[i].iov_len = slot;
        header->msg_iov = &receiver->vectors[i];
        header->msg_iovlen = 1;
        header->msg_name = &receiver->names[i];
        header->msg_control = receiver->controls[i];
    }
    return receiver;
}

void
receiver_free(struct receiver *receiver)
{
    if (receiver == NULL)
        return;
    free(receiver->headers);
    free(receiver->vectors);
    free(receiver->names);
    free(receiver->controls);
    free(receiver->payloads);
    free(receiver);
}

/* Where it arrived, what it was sent to and, if that was asked for, how many hops were left. */
static uint64_t
control_messages(struct msghdr *header)
{
    uint64_t seen = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof(info));
            seen += (unsigned)info.ipi_ifindex + info.ipi_addr.s_addr;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof(info));
            seen += info.ipi6_ifindex + info.ipi6_addr.s6_addr32[3];
        } else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
            int hops;

            memcpy(&hops, CMSG_DATA(c), sizeof(hops));
            seen += (unsigned)hops;
        }
    }
    return seen;
}

static void
look(struct receiver *receiver, unsigned i)
{
    struct mmsghdr *header = &receiver->headers[i];
    uint64_t beginning;

    memcpy(&beginning, receiver->payloads + i * receiver->slot, sizeof(beginning));
    receiver->seen += beginning + header->msg_len + receiver->names[i].sin6_port + control_messages(&header->msg_hdr);
}

long
receiver_drain(struct receiver *receiver, int socket)
{
    long count = 0;

    for (;;) {
        int received;

        for (unsigned i = 0; i < receiver->used; i++) {
            receiver->headers[i].msg_hdr.msg_namelen = sizeof(*receiver->names);
            receiver->headers[i].msg_hdr.msg_controllen = CONTROL;
        }
        receiver->used = 0;
        received = recvmmsg(socket, receiver->headers, receiver->batch, MSG_DONTWAIT, NULL);
        if (received < 0)
            return errno == EAGAIN ? count : -errno;
        receiver->used = (unsigned)received;
        for (unsigned i = 0; i < receiver->used; i++)
            look(receiver, i);
        count += received;
        if (receiver->used < receiver->batch)
            return count;
    }
}

long
receiver_wait(struct receiver *receiver, int epoll, int milliseconds)
{
    int ready = epoll_wait(epoll, receiver->events, EVENTS, milliseconds);
    long count = 0;

    if (ready < 0)
        return -errno;
    for (int i = 0; i < ready; i++) {
        long received = receiver_drain(receiver, receiver->events[i].data.fd);

        if (received < 0)
            return received;
        count += received;
    }
    return count;
}
