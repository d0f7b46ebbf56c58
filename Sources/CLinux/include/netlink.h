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
/// The same with several queues: each call opens another one.
int bh_tap_open_queue(const char *name);
/// Bytes of the header before each frame of a tap (TUNSETVNETHDRSZ); fails for what is no tap with a header.
int bh_tap_header(int tap, int size);
/// What the one who reads the tap's frames takes unfinished (TUNSETOFFLOAD): TUN_F_* bits.
int bh_tap_offloads(int tap, unsigned int offloads);
/// Lets the kernel use this queue of a tap with several, or not (TUNSETQUEUE); nothing happens if that is so already.
int bh_tap_attach(int tap, int attached);
/// A socket of that type (SOCK_STREAM 1: listening, SOCK_DGRAM 2) bound to an IPv4 address and port (0: any free one, put
/// there) that lets nothing in: it only keeps the port from everybody else.
int bh_port_hold(int type, uint32_t address, uint16_t *port);
/// The number of the interface of that name in the caller's network namespace, 0 if there is none.
unsigned int bh_interface_index(const char *name);
/// Tells everybody on the link which hardware address belongs to the interface's IPv4 address (network order).
int bh_arp_announce(int index, const uint8_t hardware_address[6], const uint8_t address[4]);
