internal import Glibc

/// How this host has its control groups mounted.
public enum CgroupLayout: Sendable, Equatable {
    /// Version 2 alone.
    case unified(root: String)
    /// Version 1: each controller by itself, and perhaps an otherwise empty tree of version 2 beside them (hybrid).
    case separate(roots: [CgroupController: String], unified: String?)

    /// The layout below a directory, looked up by what is mounted there.
    public static func detect(at base: String = "/sys/fs/cgroup") throws(SystemError) -> CgroupLayout {
        if fileSystem(at: base) == FileSystemType.cgroup2 { return .unified(root: base) }
        var roots: [CgroupController: String] = [:]
        for controller in CgroupController.allCases {
            let root = "\(base)/\(controller.rawValue)"
            if fileSystem(at: root) == FileSystemType.cgroup { roots[controller] = root }
        }
        let unified = "\(base)/unified"
        let hasUnified = fileSystem(at: unified) == FileSystemType.cgroup2
        guard !roots.isEmpty || hasUnified else { throw SystemError("find control groups at", base, code: ENOENT) }
        return .separate(roots: roots, unified: hasUnified ? unified : nil)
    }

    private static func fileSystem(at path: String) -> UInt64 { FileSystemType(of: path).number }
}

/// A kind of limit.
public enum CgroupController: String, Sendable, CaseIterable, Hashable {
    case memory, cpu, cpuacct, pids, devices, freezer, cpuset, blkio
}
