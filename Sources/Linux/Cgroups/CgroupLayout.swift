internal import Glibc

/// How this host has its control groups mounted.
public enum CgroupLayout: Sendable, Equatable {
    /// Version 2 alone.
    case unified(root: String)
    /// Version 1: each controller by itself, and perhaps an otherwise empty tree of version 2 beside them (hybrid).
    case separate(base: String, roots: [CgroupController: String], unified: String?)

    /// The layout below a directory, looked up by what is mounted there.
    public static func detect(at base: String = "/sys/fs/cgroup") throws(SystemError) -> CgroupLayout {
        if fileSystem(at: base) == FileSystemType.cgroup2 { return .unified(root: base) }
        var roots: [CgroupController: String] = [:]
        for controller in CgroupController.usual {
            let root = "\(base)/\(controller.rawValue)"
            if fileSystem(at: root) == FileSystemType.cgroup { roots[controller] = root }
        }
        let unified = "\(base)/unified"
        let hasUnified = fileSystem(at: unified) == FileSystemType.cgroup2
        guard !roots.isEmpty || hasUnified else { throw SystemError("find control groups at", base, code: ENOENT) }
        return .separate(base: base, roots: roots, unified: hasUnified ? unified : nil)
    }

    /// A host without any.
    public static let none = CgroupLayout.separate(base: "/sys/fs/cgroup", roots: [:], unified: nil)

    /// Whether it is version 2 alone.
    public var isUnified: Bool { if case .unified = self { true } else { false } }

    /// The root of a hierarchy of v1 that is looked for only where somebody asks for it.
    func rareRoot(of controller: CgroupController) -> String? {
        guard case .separate(let base, _, _) = self else { return nil }
        let root = "\(base)/\(controller.rawValue)"
        return CgroupLayout.fileSystem(at: root) == FileSystemType.cgroup ? root : nil
    }

    /// The directory of a group in such a hierarchy, or nil where it has none.
    func rareDirectory(of controller: CgroupController, _ path: String) -> String? {
        guard case .separate(let base, _, _) = self else { return nil }
        let directory = "\(base)/\(controller.rawValue)\(path)"
        return Files.exists(directory) ? directory : nil
    }

    private static func fileSystem(at path: String) -> UInt64 { FileSystemType(of: path).number }
}

/// A kind of limit.
public enum CgroupController: String, Sendable, CaseIterable, Hashable {
    case memory, cpu, cpuacct, pids, devices, freezer, cpuset, blkio, hugetlb, rdma, misc
    /// systemd's own hierarchy of v1, which limits nothing.
    case systemd
    case networkClass = "net_cls"
    case networkPriority = "net_prio"

    /// Those that are looked for at every start.
    static let usual: [CgroupController] = [.memory, .cpu, .cpuacct, .pids, .devices, .freezer, .cpuset, .blkio]
    /// The others: nearly nobody asks for them.
    static let rare: [CgroupController] = [
        .hugetlb, .rdma, .misc, .networkClass, .networkPriority, .systemd,
    ]

    /// Its name in v2.
    var unifiedName: String { self == .blkio ? "io" : rawValue }

    /// The one of v2 that a file belongs to: `io.max`; nil for the group itself (`cgroup.max.depth`).
    init?(unifiedFile name: String) {
        let prefix = String(name.prefix { $0 != "." })
        self.init(rawValue: prefix == "io" ? "blkio" : prefix)
    }
}
