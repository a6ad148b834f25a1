#ifndef SEND_H
#define SEND_H

#include <stddef.h>

#include <sys/socket.h>

/* Datagrams to one destination, built once. */
struct sender {
    unsigned count;
    size_t len;
    struct sockaddr_storage name;
    socklen_t name_len;
    struct mmsghdr *headers;
    struct iovec *vectors;
    char (*controls)[64]; /* packet info */
    char *payloads;       /* one after the other */
};

/* With indexes, one for each datagram, packet info names the interface that it leaves by. */
struct sender *sender_new(unsigned count, size_t len, const void *name, socklen_t name_len, const unsigned *indexes);
void sender_free(struct sender *sender);

/* Sends `count` datagrams beginning with number `first`; returns 0 or -errno. */
int sender_batches(struct sender *sender, int socket, unsigned first, unsigned count);

/* Sends all of them, a call each. */
int sender_each(struct sender *sender, int socket);

/* Sends all of them as a few large ones that the kernel cuts up (UDP_SEGMENT). */
int sender_segments(struct sender *sender, int socket);

#endif
