#define _GNU_SOURCE
#include "memory.h"
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { page = 4096, kept = 4 * page, deepest = 512 * 1024 };

void bh_release_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0); // musl gives back what it can as it is freed
#endif
    // The stack grows downwards: everything well below this frame is what deeper calls have left. The range may reach
    // beyond the stack into what is not mapped, which is an error that changes nothing about the rest.
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t end = (here - kept) / page * page;
    madvise((void *)(end - deepest), deepest, MADV_DONTNEED);
}

void bh_grow_heap_by(int bytes) {
#ifdef __GLIBC__
    mallopt(M_TOP_PAD, bytes);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#else
    (void)bytes; // musl's heap is made of groups of slots, mapped in ever larger steps
#endif
}

int64_t bh_allocated_bytes(int file) {
    struct stat status;
    return syscall(SYS_fstat, file, &status) < 0 ? -1 : (int64_t)status.st_blocks * 512;
}

int bh_punch_hole(int file, uint64_t offset, uint64_t count) {
    return fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)count);
}
