#include <stdarg.h>
#include <stdio.h>

/// What Debian's libseccomp, which is compiled for glibc with _FORTIFY_SOURCE, calls in the place of fprintf.
int __fprintf_chk(FILE *file, int flag, const char *format, ...);

int __fprintf_chk(FILE *file, int flag, const char *format, ...) {
    (void)flag;
    va_list arguments;
    va_start(arguments, format);
    int count = vfprintf(file, format, arguments);
    va_end(arguments);
    return count;
}
