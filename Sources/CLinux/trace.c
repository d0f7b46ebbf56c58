#define _GNU_SOURCE
#include "trace.h"
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

int bh_ptrace(int request, pid_t process, unsigned long data) {
    return (int)ptrace((enum __ptrace_request)request, process, NULL, data);
}

int bh_pidfd_getfd(int pidfd, int number) { return (int)syscall(SYS_pidfd_getfd, pidfd, number, 0); }
