// The entry point of a program that enters containers, in front of the C library's: `--entry=bh_protected_start`.
#pragma once

/// Where the program is a monitor, or its command one that enters a container, executes it once more out of a read-only
/// copy of its mount that is attached nowhere (CVE-2019-5736); see `Program.protectFile`, which does the same where this fails. Done here
/// neither the C library nor Swift's has set itself up yet, which would be done twice.
void bh_protected_start(void);
