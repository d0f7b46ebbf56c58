// The processor's own counter, which Swift can't read.
#pragma once
#include <stdint.h>

/// The time stamp counter, or 0 where the processor has none that can be read.
static inline uint64_t bh_timestamp_counter(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}
