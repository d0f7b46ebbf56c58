// Capabilities, prctl, seccomp, identity.
#pragma once
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

int bh_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);
int bh_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
int bh_prctl(int option, unsigned long argument2, unsigned long argument3);
/// Installs a classic BPF program of `count` instructions of 8 bytes.
/// With SECCOMP_FILTER_FLAG_NEW_LISTENER (8) it returns the listener, close-on-exec.
int bh_seccomp_filter(const void *instructions, uint16_t count, unsigned int flags);
/// Numbers of system calls, as a filter sees them.
typedef enum {
    BH_CALL_SETSID = SYS_setsid, BH_CALL_RECVMSG = SYS_recvmsg, BH_CALL_SENDMSG = SYS_sendmsg,
    BH_CALL_EXECVE = SYS_execve, BH_CALL_EXIT_GROUP = SYS_exit_group, BH_CALL_BRK = SYS_brk, BH_CALL_MMAP = SYS_mmap,
    BH_CALL_MUNMAP = SYS_munmap, BH_CALL_MADVISE = SYS_madvise, BH_CALL_MINCORE = SYS_mincore,
    BH_CALL_MPROTECT = SYS_mprotect,
    BH_CALL_FUTEX = SYS_futex, BH_CALL_CLONE = SYS_clone, BH_CALL_IOCTL = SYS_ioctl,
    BH_CALL_READ = SYS_read, BH_CALL_WRITE = SYS_write, BH_CALL_READV = SYS_readv, BH_CALL_WRITEV = SYS_writev,
    BH_CALL_PREAD = SYS_pread64, BH_CALL_PWRITE = SYS_pwrite64, BH_CALL_PREADV = SYS_preadv,
    BH_CALL_PWRITEV = SYS_pwritev, BH_CALL_FDATASYNC = SYS_fdatasync, BH_CALL_FALLOCATE = SYS_fallocate,
    BH_CALL_CLOSE = SYS_close, BH_CALL_FSTAT = SYS_fstat, BH_CALL_FCNTL = SYS_fcntl, BH_CALL_ACCEPT4 = SYS_accept4,
    BH_CALL_SHUTDOWN = SYS_shutdown, BH_CALL_EPOLL_CTL = SYS_epoll_ctl, BH_CALL_EPOLL_PWAIT = SYS_epoll_pwait,
    BH_CALL_TIMERFD_CREATE = SYS_timerfd_create, BH_CALL_TIMERFD_SETTIME = SYS_timerfd_settime,
    BH_CALL_GETRANDOM = SYS_getrandom, BH_CALL_MREMAP = SYS_mremap, BH_CALL_GETTID = SYS_gettid,
    BH_CALL_GETPID = SYS_getpid, BH_CALL_TGKILL = SYS_tgkill, BH_CALL_RT_SIGPROCMASK = SYS_rt_sigprocmask,
    BH_CALL_RT_SIGRETURN = SYS_rt_sigreturn, BH_CALL_RESTART_SYSCALL = SYS_restart_syscall,
    BH_CALL_CLOCK_GETTIME = SYS_clock_gettime, BH_CALL_EXIT = SYS_exit, BH_CALL_WAITID = SYS_waitid,
    BH_CALL_PPOLL = SYS_ppoll, BH_CALL_SCHED_GETAFFINITY = SYS_sched_getaffinity, BH_CALL_OPENAT = SYS_openat,
    BH_CALL_SOCKET = SYS_socket, BH_CALL_PTRACE = SYS_ptrace, BH_CALL_PRCTL = SYS_prctl,
#if defined(__x86_64__)
    BH_CALL_POLL = SYS_poll, BH_CALL_EPOLL_WAIT = SYS_epoll_wait, BH_CALL_FORK = SYS_fork,
#endif
} bh_call;
/// Which version of Landlock's interface the kernel has; -1 where it has none.
int bh_landlock_version(void);
/// Makes a ruleset that handles these accesses, by the interface of a version.
int bh_landlock_ruleset(uint64_t files, uint64_t network, uint64_t scopes, int version);
/// Restricts the calling thread to what the ruleset's rules allow.
int bh_landlock_restrict(int ruleset);
/// What a filter sees as this program's architecture.
uint32_t bh_audit_architecture(void);
/// The raw calls: this thread only, which is all there is.
int bh_setgroups(size_t count, const uint32_t *groups);
int bh_setresgid(gid_t group);
int bh_setresuid(uid_t user);
int bh_prlimit(pid_t pid, int resource, uint64_t soft, uint64_t hard);
int bh_getrlimit(int resource, uint64_t *soft, uint64_t *hard);
/// A new session keyring without a name, for the calling thread.
int bh_new_session_keyring(void);
int bh_prctl_ambient_raise(unsigned int capability);
