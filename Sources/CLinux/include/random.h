// The kernel's random numbers.
#pragma once
#include <stddef.h>
#include <sys/random.h>
#include <sys/types.h>

/// getrandom(2): waits only until the kernel has entropy for the first time.
static inline ssize_t bh_random(void *bytes, size_t count) { return getrandom(bytes, count, 0); }
