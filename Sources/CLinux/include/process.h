// Processes: clone3, pidfd, spawn, namespaces.
#pragma once
#include <stdint.h>
#include <sys/types.h>

/// clone3(2) without a stack of its own, so like fork: 0 in the child. `pidfd` and `cgroup` are optional (NULL, -1).
pid_t bh_clone3(uint64_t flags, int *pidfd, int cgroup);
/// clone(2), likewise: what kernels and filters without clone3 have. No time namespace and no cgroup can be asked for.
pid_t bh_clone(uint64_t flags, int *pidfd);
/// A system call by its number with nonsense for arguments: -1, then zeros.
int bh_probe(long number);
int bh_pidfd_open(pid_t pid, unsigned int flags);
int bh_pidfd_send_signal(int pidfd, int signal);
/// waitid(P_PIDFD): 1 and the wait status in `code` (CLD_*) and `status`, 0 if it still runs and `options` has WNOHANG.
int bh_waitid_pidfd(int pidfd, int options, int *code, int *status);
int bh_setns(int descriptor, int flags);
int bh_unshare(int flags);
int bh_close_range(unsigned int first, unsigned int last, unsigned int flags);
int bh_fcntl(int descriptor, int command, long argument);
/// Starts a program, as posix_spawn does, with everything that a helper needs: descriptors, a session of its own, default
/// signals. C libraries differ in whether theirs can close all others.
/// `sources[i]` becomes `targets[i]`; targets 0 to 2 that are not named are /dev/null; all others are closed.
/// Returns 0 or an errno value.
int bh_spawn(pid_t *pid, const char *path, char *const arguments[], char *const environment[], const int *sources,
             const int *targets, int count, int new_session);
int bh_signalfd(const int *signals, int count);
/// Blocks (or unblocks everything that is blocked, with count 0).
int bh_signal_block(const int *signals, int count);
/// All ordinary signals to their default action and none blocked: what a new program expects.
void bh_signal_defaults(void);
int bh_sethostname(const char *name, size_t length);
int bh_setdomainname(const char *name, size_t length);
/// memfd_create with MFD_CLOEXEC.
int bh_memfd(const char *name, unsigned int flags);
