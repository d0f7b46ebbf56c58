// Allocates, grows and frees blocks at random through the runtime's heap, which is included under other names, and checks
// that each keeps its bytes and its alignment. Says how much memory the heap has taken from the kernel.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static size_t taken;
static void *counted(void *place, size_t length, int protection, int flags, int file, off_t offset) {
    void *memory = mmap(place, length, protection, flags, file, offset);
    if (memory != MAP_FAILED) taken += length;
    return memory;
}
static int returned(void *memory, size_t length) {
    taken -= length;
    return munmap(memory, length);
}

#define malloc heap_malloc
#define free heap_free
#define calloc heap_calloc
#define realloc heap_realloc
#define posix_memalign heap_posix_memalign
#define aligned_alloc heap_aligned_alloc
#define malloc_usable_size heap_malloc_usable_size
#define mmap counted
#define munmap returned
#include HEAP

static uint64_t state;
static uint64_t draw(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

struct block {
    unsigned char *bytes;
    size_t size, alignment;
    unsigned char mark;
};
static struct block blocks[500];

static void fail(const char *what, const struct block *block) {
    printf("%s: block of %zu bytes, aligned to %zu\n", what, block->size, block->alignment);
    exit(1);
}

static void check(const struct block *block) {
    if ((uintptr_t)block->bytes % block->alignment != 0) fail("alignment", block);
    if (malloc_usable_size(block->bytes) < block->size) fail("usable size", block);
    for (size_t i = 0; i < block->size; i++)
        if (block->bytes[i] != block->mark) fail("content", block);
}

static size_t any_size(void) {
    switch (draw() % 8) {
        case 0: return draw() % 200000;
        case 1: return draw() % 9000;
        default: return draw() % 600;
    }
}

static void make(struct block *block) {
    block->size = any_size();
    block->alignment = 16;
    block->mark = (unsigned char)draw();
    switch (draw() % 4) {
        case 0:
            block->alignment = (size_t)16 << draw() % 9;
            block->bytes = aligned_alloc(block->alignment, block->size);
            break;
        case 1:
            block->bytes = calloc(1, block->size);
            for (size_t i = 0; i < block->size; i++)
                if (block->bytes[i] != 0) fail("calloc", block);
            break;
        default: block->bytes = malloc(block->size);
    }
    if (block->bytes == NULL) fail("no memory", block);
    memset(block->bytes, block->mark, block->size);
    check(block);
}

static void grow(struct block *block) {
    size_t size = any_size(), kept = size < block->size ? size : block->size;
    unsigned char *bytes = realloc(block->bytes, size);
    if (bytes == NULL) fail("no memory to grow", block);
    // Another alignment than malloc's is not kept.
    if ((uintptr_t)bytes % block->alignment != 0) block->alignment = 16;
    block->bytes = bytes;
    block->size = kept;
    check(block);
    block->size = size;
    memset(bytes, block->mark, size);
}

int main(int count, char **words) {
    state = strtoull(words[count - 1], NULL, 10);
    for (int i = 0; i < 20000; i++) {
        struct block *block = &blocks[draw() % 500];
        if (block->bytes == NULL) {
            make(block);
        } else if (draw() % 4 == 0) {
            grow(block);
        } else {
            check(block);
            free(block->bytes);
            block->bytes = NULL;
        }
    }
    for (int i = 0; i < 500; i++) free(blocks[i].bytes);
    volatile size_t most = SIZE_MAX; // the compiler would see that it is refused
    void *none;
    errno = 0;
    if (malloc(most) || errno != ENOMEM || calloc(most, 2) || posix_memalign(&none, 24, 8) != EINVAL) return 2;
    if (posix_memalign(&none, 4096, most) != ENOMEM || realloc(NULL, 0) == NULL) return 3;
    printf("%zu\n", taken);
    return 0;
}
