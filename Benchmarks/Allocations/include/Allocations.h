#pragma once
#include <stdint.h>

/// How many blocks of memory this program has asked for since it began, on all threads.
uint64_t kumiko_allocations(void);

/// How many bytes of memory this program holds on its heap (of the main thread).
uint64_t kumiko_heap(void);
