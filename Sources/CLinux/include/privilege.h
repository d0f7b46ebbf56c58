// Capabilities, prctl, seccomp, identity.
#pragma once
#include <stdint.h>
#include <sys/types.h>

int bh_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);
int bh_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
int bh_prctl(int option, unsigned long argument2, unsigned long argument3);
/// Installs a classic BPF program of `count` instructions of 8 bytes.
/// With SECCOMP_FILTER_FLAG_NEW_LISTENER (8) it returns the listener, close-on-exec.
int bh_seccomp_filter(const void *instructions, uint16_t count, unsigned int flags);
/// The raw calls: this thread only, which is all there is.
int bh_setgroups(size_t count, const uint32_t *groups);
int bh_setresgid(gid_t group);
int bh_setresuid(uid_t user);
int bh_prlimit(pid_t pid, int resource, uint64_t soft, uint64_t hard);
int bh_getrlimit(int resource, uint64_t *soft, uint64_t *hard);
/// A new session keyring without a name, for the calling thread.
int bh_new_session_keyring(void);
int bh_prctl_ambient_raise(unsigned int capability);
