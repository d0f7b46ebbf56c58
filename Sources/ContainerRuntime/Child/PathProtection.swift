internal import Glibc
internal import Linux
internal import OCI

/// Paths that a container can't see (masked) or can't write.
struct PathProtection {
    let masked: [String]
    let readOnly: [String]
    /// The SELinux context of what covers directories.
    private let label: String?
    /// Whether a process file system has been mounted on /proc.
    private let hasProcesses: Bool

    init(_ linux: RuntimeLinux, mounts: [MountPlan]) {
        hasProcesses = mounts.contains { $0.destination == "/proc" && $0.kind == .fileSystem(type: "proc") }
        label = linux.mountLabel
        masked = linux.maskedPaths
        readOnly = linux.readOnlyPaths
    }

    /// A path that is not there needs no protection.
    ///
    /// What is below /proc is looked up from a handle on the process file system itself, if there is one: were /proc
    /// renamed or made a link meanwhile, it would be found no more, and go unprotected (CVE-2023-27561).
    func apply(in root: borrowing RootDirectory) throws(RuntimeError) {
        guard masked.count + readOnly.count > 0 else { return }
        let processes = try findProcesses(root)
        for path in readOnly {
            try step("make \(path) read-only") { () throws(SystemError) in
                guard let found = try find(path, root, processes) else { return }
                let tree = try Mount.cloneTree(at: "", relativeTo: found.rawValue, recursive: true)
                try Mount.attach(tree, on: found) { tree throws(SystemError) in
                    try Mount.setAttributes(of: tree, set: .readOnly, recursive: true)
                }
            }
        }
        var isFirst = true
        var empty: Descriptor?
        for path in masked {
            try step("mask \(path)") { () throws(SystemError) in
                guard let found = try find(path, root, processes) else { return }
                guard try FileStatus(of: found.rawValue).kind == .directory else {
                    return try Mount.attach(try PathProtection.null(root), on: found)
                }
                if isFirst {
                    // One empty file system serves all directories: the first place has it, the others copies of it.
                    var options: [(String, String?)] = [("nr_inodes", "1"), ("size", "4k")]
                    if let label { options.append(("context", label)) }
                    let made = try Mount.make("tmpfs", options: options, .readOnly)
                    try Mount.attach(made, on: found)
                    empty = consume made
                    isFirst = false
                    return
                }
                switch empty {
                case .some(let first):
                    let copy = try Mount.cloneTree(at: "", relativeTo: first.rawValue, recursive: false)
                    try Mount.attach(copy, on: found)
                case .none: break
                }
            }
        }
    }

    private func findProcesses(_ root: borrowing RootDirectory) throws(RuntimeError) -> RootDirectory? {
        let handle: Descriptor
        // Nothing there is an error only where there must be something.
        do { handle = try root.open("/proc", .path) } catch {
            guard hasProcesses else { return nil }
            throw RuntimeError("find the mounted process file system", error)
        }
        if ProcessFileSystem.contains(handle) { return RootDirectory(adopting: handle) }
        guard hasProcesses else { return nil }
        throw .failed("find the mounted process file system: /proc is something else by now")
    }

    private func find(
        _ path: String, _ root: borrowing RootDirectory, _ processes: borrowing RootDirectory?
    ) throws(SystemError) -> Descriptor? {
        switch processes {
        case .some(let processes) where path.hasPrefix("/proc/"): try processes.find(String(path.dropFirst(6)))
        default: try root.find(path)
        }
    }

    /// A mount of /dev/null: the container's own, checked, for the host's is a device as well.
    private static func null(_ root: borrowing RootDirectory) throws(SystemError) -> Descriptor {
        let null = try root.open("/dev/null", .path)
        let status = try FileStatus(of: null.rawValue)
        guard status.kind == .characterDevice, status.deviceNumber == RootDirectory.deviceNumber(1, 3) else {
            throw SystemError("open", "/dev/null", code: ENXIO)
        }
        return try Mount.cloneTree(at: "", relativeTo: null.rawValue, recursive: false)
    }
}
