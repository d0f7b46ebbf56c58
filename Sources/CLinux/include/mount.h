// The mount API of Linux 5.2 and later, and openat2.
#pragma once
#include <stdint.h>
#include <sys/types.h>

int bh_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int bh_open_tree(int directory, const char *path, unsigned int flags);
int bh_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned int flags);
int bh_fsopen(const char *type, unsigned int flags);
int bh_fsconfig(int context, unsigned int command, const char *key, const void *value, int aux);
int bh_fsmount(int context, unsigned int flags, unsigned int attributes);
int bh_mount_setattr(int directory, const char *path, unsigned int flags, uint64_t set, uint64_t clear,
                     uint64_t propagation);
/// mount_setattr with MOUNT_ATTR_IDMAP: owners are mapped as in the user namespace that a descriptor stands for.
int bh_mount_idmap(int tree, unsigned int flags, int user_namespace);
int bh_pivot_root(const char *new_root, const char *put_old);
int bh_bpf_load_device_program(const void *instructions, uint32_t count, char *log, uint32_t log_size);
int bh_bpf_attach_device_program(int cgroup, int program);
dev_t bh_makedev(unsigned int major, unsigned int minor);
/// The number of the mount that an open file was found on (statx with STATX_MNT_ID, Linux 5.8); 0 where the kernel does not tell.
uint64_t bh_mount_number(int descriptor);
/// The magic number of the file system that a path leads to, 0 for nothing.
uint64_t bh_file_system_type(const char *path);
