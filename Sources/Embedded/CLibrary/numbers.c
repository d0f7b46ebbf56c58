#include <stdlib.h>

/// What Swift's Double(String) calls in the runtime library, which Embedded Swift has not: returns where the number ends.
/// No program here sets a locale, so that it is C's.
const char *_swift_stdlib_strtod_clocale(const char *text, double *result);

const char *_swift_stdlib_strtod_clocale(const char *text, double *result) {
    char *end;
    *result = strtod(text, &end);
    return end;
}
