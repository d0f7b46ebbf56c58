#define _GNU_SOURCE
#include "program.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

int bh_execute_descriptor(int descriptor, char *const arguments[]) {
    return (int)syscall(SYS_execveat, descriptor, "", arguments, environ, AT_EMPTY_PATH);
}

void bh_forget_environment(void) {
    for (char **variable = environ; variable && *variable; variable++) explicit_bzero(*variable, strlen(*variable));
    clearenv();
}

int bh_execute(const char *path, char *const arguments[]) { return execve(path, arguments, environ); }

int bh_is_on_read_only_mount(const char *path) {
    struct statfs status;
    if (statfs(path, &status) < 0) return -1;
    return status.f_flags & 1 /* ST_RDONLY */;
}

unsigned long long bh_file_system_type_of(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (unsigned long long)status.f_type : 0;
}

long bh_mount_flags_of(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (long)status.f_flags : -1;
}
