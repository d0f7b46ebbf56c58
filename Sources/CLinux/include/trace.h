// Looking into other processes: what the tests' attacker does.
#pragma once
#include <sys/types.h>

/// ptrace(2); `data` is the request's own.
int bh_ptrace(int request, pid_t process, unsigned long data);
/// pidfd_getfd(2): a copy of another process's descriptor.
int bh_pidfd_getfd(int pidfd, int number);
