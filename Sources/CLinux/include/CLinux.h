// What Swift cannot call or spell: raw system calls without a wrapper, variadic calls, kernel structures.
// One header for each kernel area; symbols begin with `bh_`; every function returns -1 and sets errno on failure.
#pragma once
#include "clock.h"
#include "events.h"
#include "file.h"
#include "kvm.h"
#include "machine.h"
#include "memory.h"
#include "mount.h"
#include "netlink.h"
#include "privilege.h"
#include "process.h"
#include "program.h"
#include "random.h"
#include "scheduling.h"
#include "socket.h"
#include "terminal.h"
#include "trace.h"
