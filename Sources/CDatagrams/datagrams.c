#define _GNU_SOURCE
#include "datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    // The largest UDP payload is 65,527 bytes (IPv6).
    datagram_max = 65536,
    // Not a power of two, or the beginnings of all datagrams would share a few lines of the cache.
    datagram_stride = datagram_max + 576,
};

typedef struct {
    kumiko_datagrams view;
    uint32_t *lengths;
    struct mmsghdr *headers;
    struct iovec *vectors;
    struct sockaddr_in6 *names;
    uint8_t *bytes;
} room;

kumiko_datagrams *kumiko_datagrams_create(uint32_t capacity) {
    room *all = calloc(1, sizeof *all);
    if (!all) return NULL;
    all->lengths = calloc(capacity, sizeof *all->lengths);
    all->headers = calloc(capacity, sizeof *all->headers);
    all->vectors = calloc(capacity, sizeof *all->vectors);
    all->names = calloc(capacity, sizeof *all->names);
    // Pages that no datagram reaches stay untouched and cost no memory.
    all->bytes = malloc((size_t)capacity * datagram_stride);
    if (!all->lengths || !all->headers || !all->vectors || !all->names || !all->bytes) {
        kumiko_datagrams_destroy(&all->view);
        return NULL;
    }
    for (uint32_t n = 0; n < capacity; n++) {
        all->vectors[n] = (struct iovec){.iov_base = all->bytes + (size_t)n * datagram_stride, .iov_len = datagram_max};
        all->headers[n].msg_hdr = (struct msghdr){
            .msg_name = &all->names[n],
            .msg_namelen = sizeof all->names[n],
            .msg_iov = &all->vectors[n],
            .msg_iovlen = 1,
        };
    }
    all->view = (kumiko_datagrams){
        .bytes = all->bytes,
        .stride = datagram_stride,
        .capacity = capacity,
        .lengths = all->lengths,
        .names = (const uint8_t *)all->names,
        .name_stride = sizeof all->names[0],
    };
    return &all->view;
}

void kumiko_datagrams_destroy(kumiko_datagrams *datagrams) {
    room *all = (room *)datagrams;
    free(all->lengths);
    free(all->headers);
    free(all->vectors);
    free(all->names);
    free(all->bytes);
    free(all);
}

int kumiko_datagrams_read(kumiko_datagrams *datagrams, int socket) {
    room *all = (room *)datagrams;
    int count = recvmmsg(socket, all->headers, datagrams->capacity, MSG_DONTWAIT, NULL);
    if (count < 0) return -errno;
    for (int n = 0; n < count; n++) {
        all->lengths[n] = all->headers[n].msg_len;
        // The kernel has put the length of the name there, and wants the room for the next.
        all->headers[n].msg_hdr.msg_namelen = sizeof all->names[0];
    }
    return count;
}

int kumiko_bell_create(void) {
    int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return bell < 0 ? -errno : bell;
}

void kumiko_bell_ring(int bell) {
    uint64_t one = 1;
    ssize_t written = write(bell, &one, sizeof one);
    (void)written;
}

void kumiko_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }
