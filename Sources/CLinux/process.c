#define _GNU_SOURCE
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

// What a process that is to be another program gets to know, on its parent's memory; `error` is what it found.
struct start {
    const char *path;
    char *const *arguments;
    char *const *environment;
    const int *sources;
    const int *targets;
    int count;
    int new_session;
    int error;
};

// Sources and targets may overlap: everything goes through numbers above both first.
static int arrange(const struct start *start) {
    int above = 2, highest = 2, standard = 0;
    for (int i = 0; i < start->count; i++) {
        if (start->sources[i] > above) above = start->sources[i];
        if (start->targets[i] > above) above = start->targets[i];
        if (start->targets[i] > highest) highest = start->targets[i];
        if (start->targets[i] < 3) standard |= 1 << start->targets[i];
    }
    above++;
    for (int i = 0; i < start->count; i++)
        if (dup2(start->sources[i], above + i) < 0) return -1;
    for (int i = 0; i < start->count; i++)
        if (dup2(above + i, start->targets[i]) < 0) return -1;
    for (int i = 0; i < 3; i++) {
        if (standard & 1 << i) continue;
        close(i);
        if (open("/dev/null", O_RDWR) < 0) return -1;
    }
    if (bh_close_range((unsigned)highest + 1, ~0U, 0) == 0 || errno != ENOSYS) return 0;
    // Before Linux 5.9: nobody knows which are open, but how many may be.
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    for (int i = highest + 1; i < (int)limit.rlim_cur; i++) close(i);
    return 0;
}

// The parent waits meanwhile: no more may be called here than after vfork(2).
static int begin(void *argument) {
    struct start *start = argument;
    struct sigaction action = {.sa_handler = SIG_DFL};
    // The two that can't be set, and those that the C library keeps for itself, are refused.
    for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    if ((!start->new_session || setsid() >= 0) && arrange(start) == 0) {
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(start->path, start->arguments, start->environment);
    }
    start->error = errno;
    _exit(127);
}

int bh_spawn(pid_t *pid, const char *path, char *const arguments[], char *const environment[], const int *sources,
             const int *targets, int count, int new_session) {
    enum { size = 32768 };
    struct start start = {path, arguments, environment, sources, targets, count, new_session, 0};
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return errno;
    // The parent's handlers must not run in the new process, on the parent's memory.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    *pid = clone(begin, stack + size, CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
    if (*pid < 0)
        start.error = errno;
    else if (start.error)
        while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR) continue;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(stack, size);
    return start.error;
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
