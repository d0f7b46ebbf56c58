// Pseudo-terminals.
#pragma once
#include <stdint.h>

int bh_terminal_unlock(int master);
/// The other side of the terminal, opened in the devpts that `master` belongs to.
int bh_terminal_peer(int master);
int bh_terminal_number(int master);
int bh_terminal_resize(int descriptor, uint16_t rows, uint16_t columns);
int bh_terminal_size(int descriptor, uint16_t *rows, uint16_t *columns);
int bh_terminal_control(int descriptor);
/// Raw mode; the settings before that are put into `saved` (at least 64 bytes), for `bh_terminal_restore`.
int bh_terminal_raw(int descriptor, void *saved);
int bh_terminal_restore(int descriptor, const void *saved);
