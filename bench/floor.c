// The floor under every container runtime: what the kernel alone takes for namespaces, three mounts, pivot_root,
// exec and the end of a program. Built with `cc -O2 -static`; usage: floor ROOTFS PROGRAM.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int failed(const char *what) {
    perror(what);
    return 1;
}

static int child(const char *root, char *program) {
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL)) return failed("propagation");
    if (mount(root, root, NULL, MS_BIND | MS_REC, NULL)) return failed("bind");
    if (chdir(root)) return failed("chdir");
    if (mount("proc", "proc", "proc", 0, NULL)) return failed("proc");
    if (mount("tmpfs", "dev", "tmpfs", 0, "mode=755")) return failed("dev");
    if (syscall(SYS_pivot_root, ".", ".")) return failed("pivot_root");
    if (umount2(".", MNT_DETACH)) return failed("umount");
    if (chdir("/")) return failed("chdir /");
    char *arguments[] = {program, NULL}, *environment[] = {NULL};
    execve(program, arguments, environment);
    return failed("exec");
}

int main(int count, char **words) {
    if (count != 3) return 2;
    struct clone_args arguments = {
        .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET,
        .exit_signal = SIGCHLD,
    };
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0) return failed("clone3");
    if (pid == 0) _exit(child(words[1], words[2]));
    int status;
    if (waitpid(pid, &status, 0) < 0) return failed("wait");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
