import Glibc
import Linux

Memory.growInLargeSteps()
let status = RuntimeProgram.run(Array(CommandLine.arguments.dropFirst()))
// Nothing is left to be done at exit but to write what was printed: what the kernel frees needs no care.
fflush(nil)
_exit(status)
