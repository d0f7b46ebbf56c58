import Linux
import OCI

extension RuntimeProgram {
    /// `checkpoint` and `restore`, which take the same words and are refused.
    static func checkpoint(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        // Their options are many; a container's state can't be saved whatever they are. But --help is answered.
        if let help = words.help, words.rest().contains(where: { $0 == "--help" || $0 == "-h" }) {
            throw .finished(help())
        }
        throw .usage(
            "checkpoint and restore are not supported: saving a process's state takes CRIU, which bulkhead-runtime"
                + " does not drive; use runc or crun for containers that are to be checkpointed")
    }
}
