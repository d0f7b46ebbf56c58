// Prints the addresses of a static program that it and its children execute, in the order of their first execution, in
// hexadecimal. Every instruction is a stop: a command of the runtime takes half a minute.
// Built with `cc -O2`; usage: executed LOW HIGH PROGRAM WORDS…
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { followed = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC };

// Whether a process still executes the program, or a read-only copy of its mount.
static int executes(pid_t process, const struct stat *program) {
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%d/exe", process);
    return stat(path, &status) == 0 && status.st_ino == program->st_ino && status.st_dev == program->st_dev;
}

int main(int count, char **words) {
    if (count < 4) return 2;
    unsigned long low = strtoul(words[1], NULL, 16), high = strtoul(words[2], NULL, 16);
    unsigned char *seen = calloc(high - low, 1);
    struct stat program;
    if (!seen || stat(words[3], &program) < 0) return 2;
    pid_t first = fork();
    if (first < 0) return 2;
    if (first == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        // What it prints must not be among the addresses.
        dup2(2, 1);
        execv(words[3], words + 3);
        _exit(127);
    }
    pid_t traced[64] = {first};
    int status, result = 1, ended = 0, known = 1;
    waitpid(first, &status, 0);
    ptrace(PTRACE_SETOPTIONS, first, 0, followed | PTRACE_O_EXITKILL);
    ptrace(PTRACE_CONT, first, 0, 0);
    for (;;) {
        pid_t process = waitpid(-1, &status, __WALL);
        if (process < 0) {
            if (errno == EINTR) continue;
            break;
        }
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (process != first) continue;
            result = status != 0;
            // Whom it has left behind goes on alone, as soon as it can be detached.
            ended = 1;
            for (int index = 1; index < known; index++) kill(traced[index], SIGSTOP);
            continue;
        }
        int signal = WSTOPSIG(status), event = status >> 16, passed = 0;
        if ((event == PTRACE_EVENT_EXEC && !executes(process, &program)) || (ended && signal == SIGSTOP)) {
            for (int index = 1; index < known; index++)
                if (traced[index] == process) traced[index] = traced[--known];
            ptrace(PTRACE_DETACH, process, 0, 0);
            continue;
        }
        if (process != first && signal == SIGSTOP && !event && known < 64) traced[known++] = process;
        if (signal == SIGTRAP && !event) {
            struct user_regs_struct registers;
            ptrace(PTRACE_GETREGS, process, 0, &registers);
            if (registers.rip >= low && registers.rip < high && !seen[registers.rip - low]++)
                printf("%llx\n", registers.rip);
        } else if (signal != SIGTRAP && signal != SIGSTOP) {
            passed = signal;
        }
        ptrace(PTRACE_SINGLESTEP, process, 0, passed);
    }
    return result;
}
