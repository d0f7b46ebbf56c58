// The heap of programs of one thread that end within milliseconds, in the place of the C library's: that one maps and
// unmaps memory for every few blocks of a size, which took such a program longer than all else that it computes. Here a
// block that was freed waits for the next one of its class, and nothing goes back before the program's end but blocks
// of their own mappings.
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    step = 16,           // what every block is aligned to, and what its header takes
    fine = 512,          // up to here there is a class for every step, above it four for every doubling
    largest = 64 * 1024, // larger blocks are mappings of their own
    classes = fine / step + 4 * 7,
    piece = 256 * 1024, // what is taken from the kernel at once
};

// In front of every block.
struct header {
    size_t size;           // of the block; more than `largest` where it is a mapping of its own
    unsigned char *start;  // of the memory with this header
};
_Static_assert(sizeof(struct header) == step, "blocks are aligned by their headers");

struct free_block {
    struct free_block *next;
};

static struct free_block *freed[classes];
static unsigned char *rest, *end; // what no block was made of yet

static struct header *header_of(void *block) { return (struct header *)block - 1; }

// The class that holds `size` bytes, at most `largest`; `size` becomes what its blocks have.
static unsigned class_for(size_t *size) {
    if (*size <= fine) {
        *size = *size == 0 ? step : (*size + step - 1) / step * step;
        return (unsigned)(*size / step - 1);
    }
    unsigned doubling = 63 - (unsigned)__builtin_clzl(*size - 1); // 9 for what is above 512
    size_t quarter = (size_t)1 << (doubling - 2);
    *size = (*size + quarter - 1) / quarter * quarter;
    return fine / step + 4 * (doubling - 9) + (unsigned)((*size >> (doubling - 2)) - 5);
}

static void *mapped(size_t length) {
    void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void *block_at(unsigned char *start, size_t size) {
    struct header *header = (struct header *)start;
    header->size = size;
    header->start = start;
    return header + 1;
}

static void *block_of_its_own(size_t size) {
    size_t length = (size + step + 4095) & ~(size_t)4095;
    unsigned char *start = mapped(length);
    return start == NULL ? NULL : block_at(start, length - step);
}

void *malloc(size_t size) {
    if (size > PTRDIFF_MAX - 8192) {
        errno = ENOMEM;
        return NULL;
    }
    if (size > largest) return block_of_its_own(size);
    unsigned class = class_for(&size);
    struct free_block *block = freed[class];
    if (block != NULL) {
        freed[class] = block->next;
        return block;
    }
    if ((size_t)(end - rest) < size + step) {
        unsigned char *start = mapped(piece);
        if (start == NULL) return NULL;
        rest = start;
        end = start + piece;
    }
    unsigned char *start = rest;
    rest += size + step;
    return block_at(start, size);
}

void free(void *block) {
    if (block == NULL) return;
    struct header *header = header_of(block);
    size_t size = header->size;
    if (size > largest) {
        int code = errno; // which free() leaves as it is
        munmap(header->start, size + step);
        errno = code;
        return;
    }
    struct free_block *first = (struct free_block *)(header->start + step);
    unsigned class = class_for(&size);
    first->next = freed[class];
    freed[class] = first;
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
    size_t slack = alignment > step ? alignment : 0;
    unsigned char *found = size > SIZE_MAX - slack ? NULL : malloc(size + slack);
    if (found == NULL) return ENOMEM;
    if (slack > 0) {
        struct header whole = *header_of(found);
        found = (unsigned char *)(((uintptr_t)found + alignment - 1) & ~(uintptr_t)(alignment - 1));
        *header_of(found) = whole;
    }
    *block = found;
    return 0;
}

void *aligned_alloc(size_t alignment, size_t size) {
    void *block;
    int code = posix_memalign(&block, alignment < step ? step : alignment, size);
    if (code == 0) return block;
    errno = code;
    return NULL;
}

void *calloc(size_t count, size_t size) {
    size_t whole;
    if (__builtin_mul_overflow(count, size, &whole)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = malloc(whole);
    return block == NULL ? NULL : memset(block, 0, whole);
}

size_t malloc_usable_size(void *block) {
    if (block == NULL) return 0;
    const struct header *header = header_of(block);
    return (size_t)(header->start + step + header->size - (unsigned char *)block);
}

void *realloc(void *block, size_t size) {
    if (block == NULL) return malloc(size);
    size_t had = malloc_usable_size(block);
    if (size <= had) return block;
    void *larger = malloc(size);
    if (larger == NULL) return NULL;
    memcpy(larger, block, had);
    free(block);
    return larger;
}
