import Glibc
import Linux

let status = RuntimeProgram.run(Array(CommandLine.arguments.dropFirst()))
exit(status)
