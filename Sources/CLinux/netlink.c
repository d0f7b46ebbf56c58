#define _GNU_SOURCE
#include "netlink.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <netinet/in.h>
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

static int open_tap(const char *name, short flags) {
    struct ifreq request = {0};
    if (strlen(name) >= sizeof request.ifr_name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(request.ifr_name, name);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | flags;
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

int bh_tap_open(const char *name) { return open_tap(name, 0); }
int bh_tap_open_queue(const char *name) { return open_tap(name, IFF_MULTI_QUEUE); }

int bh_tap_header(int tap, int size) {
    struct ifreq state = {0};
    if (ioctl(tap, TUNGETIFF, &state) < 0) return -1;
    if (!(state.ifr_flags & IFF_VNET_HDR) || !(state.ifr_flags & IFF_TAP)) {
        errno = EINVAL;
        return -1;
    }
    return ioctl(tap, TUNSETVNETHDRSZ, &size);
}

int bh_tap_offloads(int tap, unsigned int offloads) { return ioctl(tap, TUNSETOFFLOAD, (unsigned long)offloads); }

int bh_tap_attach(int tap, int attached) {
    struct ifreq state = {0};
    if (ioctl(tap, TUNGETIFF, &state) < 0) return -1;
    if (!(state.ifr_flags & IFF_DETACH_QUEUE) == !!attached) return 0;
    struct ifreq request = {.ifr_flags = attached ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE};
    return ioctl(tap, TUNSETQUEUE, &request);
}

int bh_port_hold(int type, uint32_t address, uint16_t *port) {
    int descriptor = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    int on = 1;
    struct sock_filter nothing = {.code = BPF_RET | BPF_K, .k = 0};
    struct sock_fprog program = {.len = 1, .filter = &nothing};
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(address)};
    socklen_t length = sizeof name;
    // Without SO_REUSEADDR connections of an earlier server that linger in TIME_WAIT would be in the way.
    if ((type == SOCK_STREAM && setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) ||
        setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ||
        bind(descriptor, (struct sockaddr *)&name, sizeof name) < 0 ||
        (type == SOCK_STREAM && listen(descriptor, 1) < 0) ||
        getsockname(descriptor, (struct sockaddr *)&name, &length) < 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    *port = ntohs(name.sin_port);
    return descriptor;
}

unsigned int bh_interface_index(const char *name) { return if_nametoindex(name); }

int bh_arp_announce(int index, const uint8_t hardware_address[6], const uint8_t address[4]) {
    struct {
        struct arphdr header;
        uint8_t sender[6], sender_address[4], target[6], target_address[4];
    } __attribute__((packed)) packet = {
        .header = {.ar_hrd = htons(ARPHRD_ETHER), .ar_pro = htons(ETH_P_IP), .ar_hln = 6, .ar_pln = 4,
                   .ar_op = htons(ARPOP_REQUEST)}};
    memcpy(packet.sender, hardware_address, 6);
    memcpy(packet.sender_address, address, 4);
    memcpy(packet.target_address, address, 4);
    struct sockaddr_ll name = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = index, .sll_halen = 6};
    memset(name.sll_addr, 0xff, 6);
    // Protocol 0: it receives nothing, and so costs no hook on the receiving path.
    int descriptor = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    ssize_t sent = sendto(descriptor, &packet, sizeof packet, 0, (struct sockaddr *)&name, sizeof name);
    int error = errno;
    close(descriptor);
    errno = error;
    return sent < 0 ? -1 : 0;
}
