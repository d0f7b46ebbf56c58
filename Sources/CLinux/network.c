#define _GNU_SOURCE
#include "network.h"
#include "direct.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct bh_network_maker {
    pid_t process;
    int result;
    char stack[8192] __attribute__((aligned(16)));
};

// Runs beside the process that has begun it, with the same `errno`: nothing here may set that.
static int make(void *argument) {
    struct bh_network_maker *maker = argument;
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK};
    long result = bh_direct(SYS_unshare, CLONE_NEWNET, 0, 0, 0, 0);
    if (result == 0) {
        long socket = bh_direct(SYS_socket, AF_INET, (void *)(long)(SOCK_DGRAM | SOCK_CLOEXEC), 0, 0, 0);
        result = socket;
        if (socket >= 0) {
            result = bh_direct(SYS_ioctl, socket, (void *)SIOCSIFFLAGS, (long)&loopback, 0, 0);
            bh_direct(SYS_close, socket, 0, 0, 0, 0);
        }
    }
    if (result == 0) result = bh_direct(SYS_openat, AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC, 0, 0);
    maker->result = (int)result;
    return 0;
}

// Keeps a process off our own processor: where the others were busy for a moment, the scheduler would leave it behind us
// until we wait. That it can't be told only takes longer.
static void run_elsewhere(pid_t process) {
    cpu_set_t processors;
    int own = sched_getcpu(), error = errno;
    if (own >= 0 && sched_getaffinity(0, sizeof processors, &processors) == 0 && CPU_COUNT(&processors) > 1) {
        CPU_CLR((size_t)own, &processors);
        sched_setaffinity(process, sizeof processors, &processors);
    }
    errno = error;
}

struct bh_network_maker *bh_network_begin(void) {
    struct bh_network_maker *maker = aligned_alloc(16, sizeof *maker);
    if (!maker) return NULL;
    // What stays where a signal ends it.
    maker->result = -EINTR;
    // No signal at its end: nobody but bh_network_end is to hear of it.
    maker->process = clone(make, maker->stack + sizeof maker->stack, CLONE_VM | CLONE_FILES, maker);
    if (maker->process < 0) {
        int error = errno;
        free(maker);
        errno = error;
        return NULL;
    }
    run_elsewhere(maker->process);
    return maker;
}

int bh_network_end(struct bh_network_maker *maker) {
    while (waitpid(maker->process, NULL, __WALL) < 0 && errno == EINTR) continue;
    int result = maker->result;
    free(maker);
    if (result >= 0) return result;
    errno = -result;
    return -1;
}
