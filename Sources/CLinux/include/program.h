// The calling process's own executable.
#pragma once

/// execveat(2) of what a descriptor stands for, with the environment as it is. Returns only with an error.
int bh_execute_descriptor(int descriptor, char *const arguments[]);
/// Overwrites every variable of the environment, of which there is none afterwards.
void bh_forget_environment(void);
/// execve(2), likewise.
int bh_execute(const char *path, char *const arguments[]);
/// Whether the mount or the file system that a path leads into is read-only: 1, 0, or -1 where it can't be asked.
int bh_is_on_read_only_mount(const char *path);
/// The magic number of the file system that an open file belongs to, 0 where it can't be asked.
unsigned long long bh_file_system_type_of(int descriptor);
/// What is set for the mount that an open file was found on, as ST_* bits; with what is for its file system, read-only.
long bh_mount_flags_of(int descriptor);
