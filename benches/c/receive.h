#ifndef RECEIVE_H
#define RECEIVE_H

#include <stddef.h>

/* Room for a batch of datagrams, built once. */
struct receiver;

struct receiver *receiver_new(unsigned batch, size_t slot);
void receiver_free(struct receiver *receiver);

/* Takes what is queued until a batch comes back short; returns how many datagrams, or -errno. */
long receiver_drain(struct receiver *receiver, int socket);

/* Waits once, edge-triggered, and drains every socket that is ready. */
long receiver_wait(struct receiver *receiver, int epoll, int milliseconds);

#endif
