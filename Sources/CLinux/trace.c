#define _GNU_SOURCE
#include "trace.h"
#include <sys/syscall.h>
#include <unistd.h>

int bh_ptrace(int request, pid_t process, unsigned long data) {
    // Not by ptrace(2): C libraries differ in the type of its first argument.
    return (int)syscall(SYS_ptrace, (long)request, (long)process, 0L, data);
}

int bh_pidfd_getfd(int pidfd, int number) { return (int)syscall(SYS_pidfd_getfd, pidfd, number, 0); }
