#define _GNU_SOURCE
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t bh_clone3(uint64_t flags, int *pidfd, int cgroup) {
    // A sibling ends with its parent's signal; the kernel wants none then.
    struct clone_args arguments = {.flags = flags, .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD};
    if (pidfd) {
        arguments.flags |= CLONE_PIDFD;
        arguments.pidfd = (uint64_t)(uintptr_t)pidfd;
    }
    if (cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup;
    }
    return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

pid_t bh_clone(uint64_t flags, int *pidfd) {
    unsigned long all = flags | (flags & CLONE_PARENT ? 0 : SIGCHLD) | (pidfd ? CLONE_PIDFD : 0);
    // Processors differ in the order of the last two; there is neither.
    return (pid_t)syscall(SYS_clone, all, NULL, pidfd, NULL, NULL);
}

int bh_probe(long number) { return (int)syscall(number, -1L, 0L, 0L, 0L, 0L); }

int bh_pidfd_open(pid_t pid, unsigned int flags) { return (int)syscall(SYS_pidfd_open, pid, flags); }

int bh_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int bh_waitid_pidfd(int pidfd, int options, int *code, int *status) {
    siginfo_t information;
    memset(&information, 0, sizeof information);
    if (waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &information, options) < 0) return -1;
    if (information.si_pid == 0) return 0;
    *code = information.si_code;
    *status = information.si_status;
    return 1;
}

int bh_setns(int descriptor, int flags) { return setns(descriptor, flags); }
int bh_unshare(int flags) { return unshare(flags); }

int bh_close_range(unsigned int first, unsigned int last, unsigned int flags) {
    return (int)syscall(SYS_close_range, first, last, flags);
}

int bh_fcntl(int descriptor, int command, long argument) { return fcntl(descriptor, command, argument); }

int bh_spawn(pid_t *pid, const char *path, char *const arguments[], char *const environment[], const int *sources,
             const int *targets, int count, int new_session) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    // Sources and targets may overlap: everything goes through numbers above both first.
    int above = 2, highest = 2, standard = 0;
    for (int i = 0; i < count; i++) {
        if (sources[i] > above) above = sources[i];
        if (targets[i] > above) above = targets[i];
        if (targets[i] > highest) highest = targets[i];
        if (targets[i] < 3) standard |= 1 << targets[i];
    }
    above++;
    for (int i = 0; i < count && !error; i++)
        error = posix_spawn_file_actions_adddup2(&actions, sources[i], above + i);
    for (int i = 0; i < count && !error; i++)
        error = posix_spawn_file_actions_adddup2(&actions, above + i, targets[i]);
    for (int i = 0; i < 3 && !error; i++)
        if (!(standard & 1 << i)) error = posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, highest + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (new_session) flags |= POSIX_SPAWN_SETSID;
    if (!error) error = posix_spawnattr_setsigmask(&attributes, &none);
    if (!error) error = posix_spawnattr_setsigdefault(&attributes, &all);
    if (!error) error = posix_spawnattr_setflags(&attributes, flags);
    if (!error) error = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static void fill(sigset_t *set, const int *signals, int count) {
    sigemptyset(set);
    for (int i = 0; i < count; i++) sigaddset(set, signals[i]);
}

int bh_signalfd(const int *signals, int count) {
    sigset_t set;
    fill(&set, signals, count);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int bh_signal_block(const int *signals, int count) {
    sigset_t set;
    fill(&set, signals, count);
    return sigprocmask(count ? SIG_BLOCK : SIG_SETMASK, &set, NULL);
}

void bh_signal_defaults(void) {
    struct sigaction action;
    for (int number = 1; number < 32; number++)
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int bh_sethostname(const char *name, size_t length) { return sethostname(name, length); }
int bh_setdomainname(const char *name, size_t length) { return setdomainname(name, length); }
int bh_memfd(const char *name, unsigned int flags) { return memfd_create(name, MFD_CLOEXEC | flags); }
