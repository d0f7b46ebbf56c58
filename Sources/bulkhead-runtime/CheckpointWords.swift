import ContainerRuntime
import Linux

/// The options that `checkpoint` and `restore` share.
struct CheckpointWords {
    private var images = "checkpoint"
    private var work: String?
    private var groups = "soft"
    private var emptiesNetwork = false
    /// Those that are criu's, by the same or another name.
    var passed: [String] = []

    /// Takes one option; false for one that is not theirs.
    mutating func take(_ name: String, _ value: Words.Value, _ words: inout Words) throws(CommandError) -> Bool {
        switch name {
        case "image-path": images = try value(&words)
        case "work-path": work = try value(&words)
        case "tcp-established", "ext-unix-sk", "shell-job", "file-locks", "link-remap", "auto-dedup":
            passed.append("--\(name)")
        case "manage-cgroups-mode":
            let mode = try value(&words)
            guard ["soft", "full", "strict", "ignore"].contains(mode) else {
                throw .usage("--manage-cgroups-mode must be soft, full, strict or ignore, not \(mode)")
            }
            groups = mode
        case "empty-ns":
            let namespace = try value(&words)
            guard namespace == "network" else {
                throw .usage("--empty-ns: only the network namespace can come back empty, not \(namespace)")
            }
            emptiesNetwork = true
        case "lazy-pages":
            throw .usage("--lazy-pages is not supported: all memory is read before the container goes on")
        default: return false
        }
        return true
    }

    /// What they say. Names that are relative are so to the working directory.
    func options() throws(CommandError) -> CheckpointOptions {
        let images = try CheckpointWords.absolute(images)
        var options = CheckpointOptions(images: images, work: try work.map(CheckpointWords.absolute) ?? images)
        options.groups = groups
        options.emptiesNetwork = emptiesNetwork
        options.passed = passed
        return options
    }

    private static func absolute(_ path: String) throws(CommandError) -> String {
        path.hasPrefix("/") ? path : "\(try kernel(currentDirectory()))/\(path)"
    }
}
