internal import Glibc
internal import Linux
internal import OCI

/// Paths that a container can't see (masked) or can't write.
struct PathProtection {
    let masked: [String]
    let readOnly: [String]

    init(_ linux: RuntimeLinux) {
        masked = linux.maskedPaths
        readOnly = linux.readOnlyPaths
    }

    /// A path that is not there needs no protection.
    func apply(in root: borrowing RootDirectory) throws(RuntimeError) {
        for path in readOnly {
            try step("make \(path) read-only") { () throws(SystemError) in
                guard let found = try root.find(path) else { return }
                let tree = try Mount.cloneTree(at: "", relativeTo: found.rawValue, recursive: true)
                try Mount.setAttributes(of: tree, set: .readOnly, recursive: true)
                try Mount.attach(tree, on: found)
            }
        }
        var isFirst = true
        var empty: Descriptor?
        for path in masked {
            try step("mask \(path)") { () throws(SystemError) in
                guard let found = try root.find(path) else { return }
                guard try FileStatus(of: found.rawValue).kind == .directory else {
                    return try Mount.attach(try PathProtection.null(root), on: found)
                }
                if isFirst {
                    // One empty file system serves all directories: the first place has it, the others copies of it.
                    let made = try Mount.make("tmpfs", options: [("nr_inodes", "1"), ("size", "4k")], .readOnly)
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
