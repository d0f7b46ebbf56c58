import Glibc
import VMM

exit(VMMProgram.run(CommandLine.arguments))
