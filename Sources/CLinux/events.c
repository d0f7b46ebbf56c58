#define _GNU_SOURCE
#include "events.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

int bh_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int bh_epoll_control(int epoll, int operation, int descriptor, uint32_t interest, uint64_t tag) {
    struct epoll_event event = {.events = interest, .data.u64 = tag};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

int bh_epoll_wait(int epoll, uint32_t *happened, uint64_t *tags, int room, int milliseconds) {
    struct epoll_event events[32];
    int count = epoll_wait(epoll, events, room < 32 ? room : 32, milliseconds);
    for (int i = 0; i < count; i++) {
        happened[i] = events[i].events;
        tags[i] = events[i].data.u64;
    }
    return count;
}

int bh_watch_changes(const char *path) {
    int descriptor = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (descriptor < 0) return -1;
    if (inotify_add_watch(descriptor, path, IN_MODIFY) < 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

int bh_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int bh_timerfd(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); }

int bh_timerfd_set(int timer, uint64_t nanoseconds) {
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(nanoseconds / 1000000000),
                                           .tv_nsec = (long)(nanoseconds % 1000000000)}};
    return timerfd_settime(timer, 0, &when, NULL);
}
