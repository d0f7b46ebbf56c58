internal import Linux

/// A directory for what criu needs while it works: gone with this value.
///
/// ```
/// process    the number of the restored process
/// unified    a link to the control groups of version 2, or a bind of them
/// ```
struct CriuScratch: ~Copyable {
    let directory: String
    private let layout: CgroupLayout

    /// Makes it.
    init(_ path: String, _ layout: CgroupLayout) throws(RuntimeError) {
        directory = path
        self.layout = layout
        try step("make a directory for criu") { () throws(SystemError) in
            // Left by one that was killed: whoever makes it anew has the lock on the container.
            try Files.removeTree(directory)
            try Files.makeDirectory(directory, mode: 0o700)
            guard case .unified(let root) = layout else { return }
            try RootDirectory.makeLink(
                in: try Descriptor.open(directory, .directory), name: "unified", to: root)
        }
    }

    deinit {
        // The next one at this place removes what can't be removed now.
        try? Files.removeTree(directory)
    }

    /// Makes a bind of the link, in a mount namespace of the calling process's own: a restored process enters its groups
    /// by it when it has its root already, where the link leads nowhere.
    func bindGroups() throws(SystemError) {
        guard case .unified(let root) = layout else { return }
        try Files.remove("\(directory)/unified")
        try Files.makeDirectory("\(directory)/unified", mode: 0o700)
        let tree = try Mount.cloneTree(at: root, recursive: false)
        try Mount.attach(tree, on: try Descriptor.open("\(directory)/unified", [.path, .directory]))
    }

    /// Where criu writes the restored process's number.
    var processFile: String { "\(directory)/process" }

    /// What criu is told about where the control groups are. By itself it mounts those of version 2 once more, without the options
    /// that they have, and takes these from the whole host: nsdelegate and memory_recursiveprot (3.17).
    var arguments: [String] { layout.isUnified ? ["--cgroup-yard", directory] : [] }
}
