// The kernel's routing socket, and tap devices.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// A socket of the given family (NETLINK_ROUTE 0, NETLINK_NETFILTER 12) in the caller's network namespace.
int bh_netlink_open(int family);
/// Sends all of it to the kernel.
int bh_netlink_send(int socket, const void *bytes, size_t length);
/// Receives one datagram that comes from the kernel; one larger than `length` fails with EMSGSIZE.
ssize_t bh_netlink_receive(int socket, void *bytes, size_t length);
/// A tap device of that name, which goes away with the descriptor; with the header of virtio-net before each frame.
int bh_tap_open(const char *name);
