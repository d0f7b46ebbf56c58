// Unix sockets and the descriptors that travel over them.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// What socket(2) takes, as numbers: in one C library they are of an enumeration, in another macros.
extern const int bh_socket_stream, bh_socket_packets, bh_socket_cloexec, bh_socket_nonblock;

/// A socket bound to and listening at `path`, or connected to it; paths longer than sun_path go through /proc/self/fd.
int bh_unix_listen(const char *path, int type, int backlog);
int bh_unix_connect(const char *path, int type);
/// sendmsg with descriptors (at most 64) and MSG_NOSIGNAL.
ssize_t bh_send_descriptors(int socket, const void *bytes, size_t length, const int *descriptors, int count);
/// recvmsg; `count` is the room for descriptors (at most 64) before and their number after.
ssize_t bh_receive_descriptors(int socket, void *bytes, size_t length, int *descriptors, int *count);
/// Sets an interface of the calling network namespace up.
int bh_interface_up(const char *name);
/// accept4 with SOCK_CLOEXEC; the address is not asked for.
int bh_accept(int listener);
/// pipe2 with O_CLOEXEC.
int bh_pipe(int ends[2]);
/// Who connected to a socket: the kernel's word (SO_PEERCRED).
int bh_peer(int socket, pid_t *process, uint32_t *user, uint32_t *group);
