#define _GNU_SOURCE
#include "terminal.h"
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

_Static_assert(sizeof(struct termios) <= 64, "bh_terminal_raw promises to need no more");

int bh_terminal_unlock(int master) {
    int zero = 0;
    return ioctl(master, TIOCSPTLCK, &zero);
}

int bh_terminal_peer(int master) { return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC); }

int bh_terminal_number(int master) {
    unsigned int number = 0;
    return ioctl(master, TIOCGPTN, &number) < 0 ? -1 : (int)number;
}

int bh_terminal_resize(int descriptor, uint16_t rows, uint16_t columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(descriptor, TIOCSWINSZ, &size);
}

int bh_terminal_size(int descriptor, uint16_t *rows, uint16_t *columns) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) < 0) return -1;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

int bh_terminal_control(int descriptor) { return ioctl(descriptor, TIOCSCTTY, 0); }

int bh_terminal_raw(int descriptor, void *saved) {
    struct termios settings;
    if (tcgetattr(descriptor, &settings) < 0) return -1;
    memcpy(saved, &settings, sizeof settings);
    cfmakeraw(&settings);
    return tcsetattr(descriptor, TCSANOW, &settings);
}

int bh_terminal_restore(int descriptor, const void *saved) {
    struct termios settings;
    memcpy(&settings, saved, sizeof settings);
    return tcsetattr(descriptor, TCSANOW, &settings);
}
