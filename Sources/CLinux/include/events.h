// epoll, whose event structure is packed and holds a union.
#pragma once
#include <stdint.h>

int bh_epoll_create(void);
/// `operation`: 1 adds, 2 removes, 3 changes.
int bh_epoll_control(int epoll, int operation, int descriptor, uint32_t interest, uint64_t tag);
/// Waits for at most `room` (up to 32) events; `milliseconds` -1 waits as long as it takes.
int bh_epoll_wait(int epoll, uint32_t *happened, uint64_t *tags, int room, int milliseconds);
/// An inotify instance that does not wait, with one watch for changes of the content of `path`.
int bh_watch_changes(const char *path);
/// A counter that the kernel counts up; does not wait.
int bh_eventfd(void);
/// A descriptor that becomes readable when a time has passed (CLOCK_MONOTONIC); does not wait.
int bh_timerfd(void);
/// Once, in so many nanoseconds from now (at least 1); 0: not at all.
int bh_timerfd_set(int timer, uint64_t nanoseconds);
