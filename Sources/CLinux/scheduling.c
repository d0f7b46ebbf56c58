#define _GNU_SOURCE
#include "scheduling.h"
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// struct sched_attr (linux/sched/types.h), which the C library's headers have in some versions only.
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

int bh_sched_setattr(uint32_t policy, int32_t nice, uint32_t priority, uint64_t flags, uint64_t runtime,
                     uint64_t deadline, uint64_t period) {
    struct attributes attributes = {sizeof attributes, policy, flags, nice, priority, runtime, deadline, period};
    return (int)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

int bh_ioprio_set(uint32_t priority) {
    return (int)syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, priority);
}

int bh_sched_setaffinity(const uint64_t *words, size_t count) {
    return (int)syscall(SYS_sched_setaffinity, 0, count * sizeof *words, words);
}

int bh_set_mempolicy(uint32_t mode, const uint64_t *words, size_t count) {
    // The kernel counts one bit more than it reads.
    return (int)syscall(SYS_set_mempolicy, mode, count ? words : NULL, count ? count * 64 + 1 : 0);
}

int bh_personality(unsigned long persona) { return personality(persona); }

int bh_name_thread(const char *name) { return prctl(PR_SET_NAME, name); }
