// Calls about files that glibc's module does not show to Swift.
#pragma once
#include <sys/types.h>

// setxattr(2), with the link at the end of the path followed.
int bh_setxattr(const char *path, const char *name, const void *value, unsigned long size);
// syncfs(2).
int bh_syncfs(int descriptor);
