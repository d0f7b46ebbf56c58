#include "CGlibc.h"

static char **arguments;

// The C library hands what main() gets to every constructor as well; Embedded Swift has no other way to it.
__attribute__((constructor)) static void keep(int count, char **given) {
    (void)count;
    arguments = given;
}

char **cglibc_arguments(void) { return arguments; }
