// Nothing here may use the C library, which is not set up: no function, no thread-local variable, no stack protector.
#define _GNU_SOURCE
#include "protected_start.h"
#include "direct.h"
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#if defined(__x86_64__)
// The stack is aligned to 16 bytes and begins with the count of arguments; rdx belongs to the C library's entry point.
__asm__(".text\n"
        ".globl bh_protected_start\n"
        ".type bh_protected_start, @function\n"
        "bh_protected_start:\n"
        "    mov %rsp, %rdi\n"
        "    push %rdx\n"
        "    sub $8, %rsp\n"
        "    call bh_protect\n"
        "    add $8, %rsp\n"
        "    pop %rdx\n"
        "    jmp _start\n");
#elif defined(__aarch64__)
// x0 belongs to the C library's entry point; it is 0 in a static program.
__asm__(".text\n"
        ".globl bh_protected_start\n"
        ".type bh_protected_start, %function\n"
        "bh_protected_start:\n"
        "    mov x0, sp\n"
        "    bl bh_protect\n"
        "    mov x0, #0\n"
        "    b _start\n");
#else
#error "an entry point for this architecture is missing"
#endif

static int is(const char *word, const char *other) {
    while (*word && *word == *other) word++, other++;
    return *word == *other;
}

// `stack` is what the kernel starts a program with: the count of arguments, those and 0, the environment and 0.
__attribute__((used, visibility("hidden"), no_stack_protector, no_builtin)) void bh_protect(const long *stack) {
    static const struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    static const char path[] = "/proc/self/exe";
    char *const *arguments = (char *const *)(stack + 1);
    char *const *environment = arguments + stack[0] + 1;
    struct statfs status;
    status.f_flags = 0;
    long index = 1;
    // The runtime's commands that enter containers, and what every monitor is started with. A container of that name is
    // taken for the command, which does no harm.
    while (index < stack[0] && !is(arguments[index], "create") && !is(arguments[index], "run") &&
           !is(arguments[index], "exec") && !is(arguments[index], "--socket"))
        index++;
    if (index >= stack[0]) return;
    if (bh_direct(SYS_statfs, (long)path, &status, 0, 0, 0) < 0 || status.f_flags & 1 /* ST_RDONLY */) return;
    long mount = bh_direct(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);
    if (mount < 0) return;
    if (bh_direct(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &read_only, sizeof read_only) == 0)
        bh_direct(SYS_execveat, mount, "", (long)arguments, environment, AT_EMPTY_PATH);
    // Refused: the program goes on, and sees for itself what can be done.
    bh_direct(SYS_close, mount, 0, 0, 0, 0);
}
