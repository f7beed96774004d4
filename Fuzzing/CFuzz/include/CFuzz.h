#ifndef KUMIKO_CFUZZ_H
#define KUMIKO_CFUZZ_H
#include <stddef.h>
#include <stdint.h>

/// The loop of libFuzzer, for a program that has a main function of its own.
/// Source: LLVM, "Using libFuzzer as a library".
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
