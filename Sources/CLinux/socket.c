#define _GNU_SOURCE
#include "socket.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const int bh_socket_stream = SOCK_STREAM;
const int bh_socket_packets = SOCK_SEQPACKET;
const int bh_socket_cloexec = SOCK_CLOEXEC;
const int bh_socket_nonblock = SOCK_NONBLOCK;

enum { most_descriptors = 64 };

/// Fills in the address; a longer path goes through a descriptor of its directory, which is then in `*directory`.
static int address(const char *path, struct sockaddr_un *address, int *directory) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    *directory = -1;
    if (strlen(path) < sizeof address->sun_path) {
        strcpy(address->sun_path, path);
        return 0;
    }
    const char *name = strrchr(path, '/');
    char parent[4096];
    if (!name || (size_t)(name - path) >= sizeof parent || strlen(name + 1) > 80) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(parent, path, (size_t)(name - path));
    parent[name - path] = 0;
    *directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*directory < 0) return -1;
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", *directory, name + 1);
    return 0;
}

static int endpoint(const char *path, int type, int backlog) {
    struct sockaddr_un name;
    int directory;
    if (address(path, &name, &directory) < 0) return -1;
    int descriptor = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    int result = descriptor;
    if (descriptor >= 0) {
        if (backlog > 0) {
            result = bind(descriptor, (struct sockaddr *)&name, sizeof name);
            if (result == 0) result = listen(descriptor, backlog);
        } else {
            do {
                result = connect(descriptor, (struct sockaddr *)&name, sizeof name);
            } while (result < 0 && errno == EINTR);
        }
    }
    int error = errno;
    if (result < 0 && descriptor >= 0) close(descriptor);
    if (directory >= 0) close(directory);
    errno = error;
    return result < 0 ? -1 : descriptor;
}

int bh_unix_listen(const char *path, int type, int backlog) { return endpoint(path, type, backlog); }
int bh_unix_connect(const char *path, int type) { return endpoint(path, type, 0); }

ssize_t bh_send_descriptors(int socket, const void *bytes, size_t length, const int *descriptors, int count) {
    if (count < 0 || count > most_descriptors) {
        errno = EINVAL;
        return -1;
    }
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * most_descriptors)];
    memset(control, 0, sizeof control);
    struct iovec vector = {(void *)bytes, length};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (count) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)count);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

ssize_t bh_receive_descriptors(int socket, void *bytes, size_t length, int *descriptors, int *count) {
    if (*count < 0 || *count > most_descriptors) {
        errno = EINVAL;
        return -1;
    }
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * most_descriptors)];
    struct iovec vector = {bytes, length};
    struct msghdr message = {
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = *count ? control : NULL,
        .msg_controllen = *count ? CMSG_SPACE(sizeof(int) * (size_t)*count) : 0,
    };
    *count = 0;
    ssize_t result = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (result < 0) return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t size = header->cmsg_len - CMSG_LEN(0);
        memcpy(descriptors + *count, CMSG_DATA(header), size);
        *count += (int)(size / sizeof(int));
    }
    return result;
}

int bh_interface_up(const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    int result = ioctl(descriptor, SIOCGIFFLAGS, &request);
    if (result == 0) {
        request.ifr_flags |= IFF_UP;
        result = ioctl(descriptor, SIOCSIFFLAGS, &request);
    }
    int error = errno;
    close(descriptor);
    errno = error;
    return result;
}

int bh_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }
int bh_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int bh_peer(int socket, pid_t *process, uint32_t *user, uint32_t *group) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) return -1;
    *process = credentials.pid;
    *user = credentials.uid;
    *group = credentials.gid;
    return 0;
}
