#define _GNU_SOURCE
#include "memory.h"
#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { page = 4096, kept = 4 * page, deepest = 512 * 1024 };

void bh_release_memory(void) {
    malloc_trim(0);
    // The stack grows downwards: everything well below this frame is what deeper calls have left. The range may reach
    // beyond the stack into what is not mapped, which is an error that changes nothing about the rest.
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t end = (here - kept) / page * page;
    madvise((void *)(end - deepest), deepest, MADV_DONTNEED);
}

void bh_grow_heap_by(int bytes) {
    mallopt(M_TOP_PAD, bytes);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

int64_t bh_allocated_bytes(int file) {
    struct stat status;
    return syscall(SYS_fstat, file, &status) < 0 ? -1 : (int64_t)status.st_blocks * 512;
}

int bh_punch_hole(int file, uint64_t offset, uint64_t count) {
    return fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)count);
}

size_t bh_heap_bytes(void) {
    struct mallinfo2 heap = mallinfo2();
    return heap.uordblks + heap.hblkhd;
}
