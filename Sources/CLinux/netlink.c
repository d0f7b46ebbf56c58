#define _GNU_SOURCE
#include "netlink.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int bh_netlink_open(int family) {
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
    if (descriptor < 0) return -1;
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    int on = 1;
    // Answers then quote only the header of a request that failed, and dumps refuse what they would ignore.
    setsockopt(descriptor, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    setsockopt(descriptor, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

int bh_netlink_send(int socket, const void *bytes, size_t length) {
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    ssize_t sent;
    do {
        sent = sendto(socket, bytes, length, 0, (struct sockaddr *)&address, sizeof address);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

ssize_t bh_netlink_receive(int socket, void *bytes, size_t length) {
    for (;;) {
        struct sockaddr_nl address = {0};
        struct iovec vector = {.iov_base = bytes, .iov_len = length};
        struct msghdr message = {
            .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &vector, .msg_iovlen = 1};
        ssize_t count = recvmsg(socket, &message, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return -1;
        if (message.msg_flags & MSG_TRUNC) {
            errno = EMSGSIZE;
            return -1;
        }
        // Another process may send to this socket: only the kernel has number 0.
        if (address.nl_pid == 0) return count;
    }
}

int bh_tap_open(const char *name) {
    struct ifreq request = {0};
    if (strlen(name) >= sizeof request.ifr_name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(request.ifr_name, name);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    int descriptor = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return -1;
    if (ioctl(descriptor, TUNSETIFF, &request) < 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}
