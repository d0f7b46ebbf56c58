// What only the first process of a machine does.
#pragma once
#include <sys/types.h>

/// finit_module(2) with parameters.
int bh_load_module(int file, const char *parameters);
/// reboot(2): 0 powers off, 1 restarts. Returns only on failure.
int bh_reboot(int restart);
/// A socket that does not wait, on which the kernel tells of devices that come and go.
int bh_device_events(void);
/// The first child that has ended and is not reaped yet (it stays so), or 0.
pid_t bh_ended_child(void);
/// Reaps that child.
int bh_reap(pid_t child);
