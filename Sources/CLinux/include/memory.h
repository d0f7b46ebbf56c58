// Memory that is not needed any more.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Gives free memory of the heap, and the part of the stack that was in use deeper down, back to the kernel.
void bh_release_memory(void);
/// Lets the heap grow by this many bytes at a time, and never shrink, where the C library is told (glibc).
void bh_grow_heap_by(int bytes);
/// fallocate(2): makes a hole in a file, which keeps its size and reads as zeros there.
int bh_punch_hole(int file, uint64_t offset, uint64_t count);
/// Bytes that an open file has pages or blocks for; -1 if it can't be asked. By fstat itself, where a C library may take
/// a call that can name paths, too: a filter allows the one, and not the other.
int64_t bh_allocated_bytes(int file);
