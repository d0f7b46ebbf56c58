#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

/// What Swift's hash tables take their seeds from; musl 1.2.3 does not have it.
void arc4random_buf(void *bytes, size_t count);

void arc4random_buf(void *bytes, size_t count) {
    while (count > 0) {
        ssize_t got = getrandom(bytes, count, 0);
        if (got < 0 && errno != EINTR) abort(); // no seed would be the same one each time
        if (got < 0) continue;
        bytes = (char *)bytes + got;
        count -= (size_t)got;
    }
}
