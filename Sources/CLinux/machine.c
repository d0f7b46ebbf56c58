#define _GNU_SOURCE
#include "machine.h"
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int bh_load_module(int file, const char *parameters) { return (int)syscall(SYS_finit_module, file, parameters, 0); }

int bh_reboot(int restart) { return reboot(restart ? RB_AUTOBOOT : RB_POWER_OFF); }

int bh_device_events(void) {
    int number = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    if (number < 0) return -1;
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
    if (bind(number, (struct sockaddr *)&address, sizeof address) == 0) return number;
    int error = errno;
    close(number);
    errno = error;
    return -1;
}

pid_t bh_ended_child(void) {
    siginfo_t information;
    memset(&information, 0, sizeof information);
    if (waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) < 0) return errno == ECHILD ? 0 : -1;
    return information.si_pid;
}

int bh_reap(pid_t child) { return waitpid(child, NULL, WNOHANG) < 0 ? -1 : 0; }
