import ContainerRuntime
import Glibc
import Linux
import OCI

/// Descriptors of our caller that a process gets from 3 on: those of systemd's socket activation, then those of
/// --preserve-fds.
struct PassedDescriptors {
    let numbers: [Int32]
    /// What tells the process of the activation's.
    let variables: [String]

    init(preserved: Int32) throws(CommandError) {
        var activated: Int32 = 0
        // As sd_listen_fds(3): they are meant for the process that LISTEN_PID names.
        if let count = getenv("LISTEN_FDS").flatMap({ Int32(String(cString: $0)) }), count > 0,
            let process = getenv("LISTEN_PID").flatMap({ Int32(String(cString: $0)) }), process == getpid()
        {
            activated = count
        }
        variables = activated > 0 ? ["LISTEN_FDS=\(activated)", "LISTEN_PID=1"] : []
        guard activated + preserved > 0 else {
            numbers = []
            return
        }
        numbers = Array(3..<3 + activated + preserved)
        for number in numbers where fcntl(number, F_GETFD) < 0 {
            throw .usage("--preserve-fds: the descriptor \(number) is not open")
        }
    }

    func give(to blueprint: inout ContainerBlueprint) {
        blueprint.inheritedDescriptors = numbers
        if !variables.isEmpty { blueprint.specification.process?.environment += variables }
    }
}
