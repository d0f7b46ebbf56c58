// Runs a program without output and prints its time in microseconds and its peak memory in KiB. Built with
// `cc -O2 -static`: until it executes, the program counts with the memory of this one.
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

int main(int count, char **words) {
    struct timespec begun, ended;
    struct rusage usage;
    posix_spawn_file_actions_t streams;
    pid_t child;
    int status;
    if (count < 2) return 2;
    posix_spawn_file_actions_init(&streams);
    posix_spawn_file_actions_addopen(&streams, 1, "/dev/null", O_WRONLY, 0);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    if (posix_spawnp(&child, words[1], &streams, NULL, words + 1, environ)) return 1;
    if (wait4(child, &status, 0, &usage) < 0) return 1;
    clock_gettime(CLOCK_MONOTONIC, &ended);
    if (status) return 1;
    printf("%ld %ld\n", (ended.tv_sec - begun.tv_sec) * 1000000 + (ended.tv_nsec - begun.tv_nsec) / 1000,
           usage.ru_maxrss);
    return 0;
}
