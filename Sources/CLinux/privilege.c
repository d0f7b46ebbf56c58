#define _GNU_SOURCE
#include "privilege.h"
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int bh_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
        {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
    };
    return (int)syscall(SYS_capset, &header, data);
}

int bh_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    *effective = data[0].effective | (uint64_t)data[1].effective << 32;
    *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    *inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return 0;
}

int bh_prctl(int option, unsigned long argument2, unsigned long argument3) {
    return prctl(option, argument2, argument3, 0, 0);
}

int bh_seccomp_filter(const void *instructions, uint16_t count, unsigned int flags) {
    struct sock_fprog program = {.len = count, .filter = (struct sock_filter *)instructions};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

// Numbers and structure: linux/landlock.h, which older headers do not have.
enum { landlock_create_ruleset = 444, landlock_restrict_self = 446 };

int bh_landlock_version(void) { return (int)syscall(landlock_create_ruleset, NULL, 0, 1UL); }

int bh_landlock_ruleset(uint64_t files, uint64_t network, uint64_t scopes, int version) {
    struct {
        uint64_t files, network, scopes;
    } attributes = {files, network, scopes};
    size_t size = version < 4 ? 8 : version < 6 ? 16 : 24;
    return (int)syscall(landlock_create_ruleset, &attributes, size, 0UL);
}

int bh_landlock_restrict(int ruleset) { return (int)syscall(landlock_restrict_self, ruleset, 0UL); }

int bh_new_session_keyring(void) { return (int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL); }

int bh_setgroups(size_t count, const uint32_t *groups) { return (int)syscall(SYS_setgroups, count, groups); }
int bh_setresgid(gid_t group) { return (int)syscall(SYS_setresgid, group, group, group); }
int bh_setresuid(uid_t user) { return (int)syscall(SYS_setresuid, user, user, user); }

int bh_prlimit(pid_t pid, int resource, uint64_t soft, uint64_t hard) {
    struct rlimit64 limit = {.rlim_cur = soft, .rlim_max = hard};
    return (int)syscall(SYS_prlimit64, pid, resource, &limit, NULL);
}

int bh_getrlimit(int resource, uint64_t *soft, uint64_t *hard) {
    struct rlimit64 limit;
    if (syscall(SYS_prlimit64, 0, resource, NULL, &limit) < 0) return -1;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int bh_prctl_ambient_raise(unsigned int capability) {
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
}

uint32_t bh_audit_architecture(void) {
#if defined __x86_64__
    return AUDIT_ARCH_X86_64;
#elif defined __aarch64__
    return AUDIT_ARCH_AARCH64;
#else
#error "which architecture?"
#endif
}
