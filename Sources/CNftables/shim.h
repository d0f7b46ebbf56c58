#include <stdlib.h>
#include <stdio.h>
#include <nftables/libnftables.h>
