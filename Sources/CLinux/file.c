#define _GNU_SOURCE
#include "file.h"
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

int bh_setxattr(const char *path, const char *name, const void *value, unsigned long size)
{
    return setxattr(path, name, value, size, 0);
}

int bh_syncfs(int descriptor)
{
    return syncfs(descriptor);
}

int bh_zero_range(int file, int how, uint64_t offset, uint64_t count)
{
    int mode = (how == 0 ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE) | FALLOC_FL_KEEP_SIZE;
    return fallocate(file, mode, (off_t)offset, (off_t)count);
}

int64_t bh_block_device_size(int file)
{
    uint64_t size = 0;
    if (ioctl(file, BLKGETSIZE64, &size) < 0) return -1;
    return (int64_t)size;
}

int bh_set_direct(int file, int direct)
{
    int flags = fcntl(file, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(file, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT);
}
