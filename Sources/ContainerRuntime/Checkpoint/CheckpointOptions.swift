/// How a container is saved or brought back: what criu is told about both, and where its files are.
public struct CheckpointOptions: Sendable, Equatable {
    /// The directory with the images, an absolute path.
    public var images: String
    /// The directory with the log, an absolute path.
    public var work: String
    /// The images of an earlier dump, relative to these: only what has changed since is written.
    public var parent: String?
    /// Whether the container goes on once it is saved.
    public var leavesRunning = false
    /// Whether only its memory is saved, and it goes on.
    public var isPrevious = false
    /// Options of criu that this program does not look into.
    public var passed: [String] = []
    /// How criu treats control groups: `soft`, `full`, `strict` or `ignore`.
    public var groups = "soft"
    /// Whether the network namespace is made again and left empty, for a hook to fill.
    public var emptiesNetwork = false

    /// With the usual settings.
    public init(images: String, work: String) {
        self.images = images
        self.work = work
    }

    /// What criu is told of them, whether it dumps or restores.
    func arguments(log: String) -> [String] {
        var words = ["--images-dir", images, "--work-dir", work, "--log-file", log, "-v4"]
        words.append("--manage-cgroups=\(groups)")
        if emptiesNetwork { words += ["--empty-ns", "net"] }
        return words + passed
    }
}
