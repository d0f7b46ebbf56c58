import Glibc
import GuestAgent

exit(AgentProgram.run(CommandLine.arguments))
