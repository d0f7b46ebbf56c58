#include "CLibrary.h"

// Embedded Swift has no other way to what main() gets.
static char **arguments;

void clibrary_keep_arguments(char **given) { arguments = given; }

char **clibrary_arguments(void) { return arguments; }
