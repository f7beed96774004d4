#ifndef KUMIKO_DATAGRAMS_H
#define KUMIKO_DATAGRAMS_H

#include <stdint.h>

/// What one recvmmsg(2) brings. The Swift overlay of the C library does not have that call; this is all that it needs.
typedef struct {
    /// Datagram n begins at n * stride.
    const uint8_t *_Nonnull bytes;
    uint32_t stride;
    /// How many datagrams one read takes at most.
    uint32_t capacity;
    /// How long each datagram of the last read was.
    const uint32_t *_Nonnull lengths;
    /// The sender of datagram n, a sockaddr_in or sockaddr_in6, begins at n * name_stride.
    const uint8_t *_Nonnull names;
    uint32_t name_stride;
} kumiko_datagrams;

/// Makes room for `capacity` datagrams of any legal size; null when there is no memory.
kumiko_datagrams *_Nullable kumiko_datagrams_create(uint32_t capacity);
void kumiko_datagrams_destroy(kumiko_datagrams *_Nonnull datagrams);

/// Reads what waits at a socket and does not wait itself: how many, or minus errno.
int kumiko_datagrams_read(kumiko_datagrams *_Nonnull datagrams, int socket);

/// A file descriptor that `kumiko_bell_ring` makes readable; minus errno when there is none.
int kumiko_bell_create(void);
void kumiko_bell_ring(int bell);

/// Names the calling thread, for people who look at the process.
void kumiko_thread_name(const char *_Nonnull name);

#endif
