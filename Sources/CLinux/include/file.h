// Calls about files that glibc's module does not show to Swift.
#pragma once
#include <stdint.h>
#include <sys/types.h>

// setxattr(2), with the link at the end of the path followed.
int bh_setxattr(const char *path, const char *name, const void *value, unsigned long size);
// syncfs(2).
int bh_syncfs(int descriptor);
/// fallocate(2): `how` 0 makes a hole that reads as zeros, 1 makes zeros that keep their space.
int bh_zero_range(int file, int how, uint64_t offset, uint64_t count);
/// The bytes of a block device, or -1 for what is none.
int64_t bh_block_device_size(int file);
/// Whether reads and writes go around the page cache (O_DIRECT): changes it.
int bh_set_direct(int file, int direct);
