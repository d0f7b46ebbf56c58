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
    BH_CALL_MUNMAP = SYS_munmap, BH_CALL_MADVISE = SYS_madvise, BH_CALL_MPROTECT = SYS_mprotect,
    BH_CALL_FUTEX = SYS_futex, BH_CALL_CLONE = SYS_clone, BH_CALL_IOCTL = SYS_ioctl,
} bh_call;
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
