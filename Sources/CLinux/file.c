#define _GNU_SOURCE
#include "file.h"
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
