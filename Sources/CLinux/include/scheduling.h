// How processes are scheduled and placed: calls that glibc has no wrapper for, on the calling thread.
#pragma once
#include <stddef.h>
#include <stdint.h>

int bh_sched_setattr(uint32_t policy, int32_t nice, uint32_t priority, uint64_t flags, uint64_t runtime,
                     uint64_t deadline, uint64_t period);
int bh_ioprio_set(uint32_t priority);
/// Both take `count` words of 64 bits, the lowest numbers first.
int bh_sched_setaffinity(const uint64_t *words, size_t count);
int bh_set_mempolicy(uint32_t mode, const uint64_t *words, size_t count);
int bh_personality(unsigned long persona);
/// The calling thread's name, cut to 15 bytes.
int bh_name_thread(const char *name);
