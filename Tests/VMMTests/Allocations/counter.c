// Loaded before all other libraries (LD_PRELOAD): counts what threads allocate whose names begin with "counted".
//
// Swift's own allocations of objects and boxes end in malloc or posix_memalign as well.
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_ulong allocations;

static void count(void) {
    char name[16] = "";
    if (prctl(PR_GET_NAME, name) == 0 && strncmp(name, "counted", 7) == 0) atomic_fetch_add(&allocations, 1);
}

unsigned long bulkhead_allocations(void) { return atomic_load(&allocations); }

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    count();
    return __libc_realloc(old, size);
}

int posix_memalign(void **place, size_t alignment, size_t size) {
    count();
    void *new = __libc_memalign(alignment, size);
    if (!new) return ENOMEM;
    *place = new;
    return 0;
}

void *aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}
