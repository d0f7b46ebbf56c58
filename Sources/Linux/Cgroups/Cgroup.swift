internal import Glibc

/// A control group: one directory in each hierarchy that is needed (v1), or one altogether (v2).
public struct Cgroup: Sendable, Equatable {
    /// The path below each hierarchy's root, beginning with a slash.
    public let path: String
    /// How the host has its hierarchies mounted.
    public let layout: CgroupLayout
    /// The directory in each v1 hierarchy that is used.
    var directories: [CgroupController: String] = [:]
    /// The directory in the v2 hierarchy, whether that has controllers or not.
    var unified: String?
    /// Controllers that are in the v2 tree of a hybrid host (those that v1 does not have there).
    var moved: Set<CgroupController> = []
    /// The unit of systemd that it belongs to, if that is asked to keep it.
    public internal(set) var scope: SystemdScope?

    /// Names a group that exists; hierarchies in which it does not are left out. An empty path stands for no group, never
    /// for the root of a hierarchy, in which everybody is.
    public init(existing path: String, layout: CgroupLayout, scope: SystemdScope? = nil) {
        self.path = path
        self.scope = scope
        self.layout = layout
        guard path.contains(where: { $0 != "/" }) else { return }
        locate()
        if !isUnified {
            for controller in CgroupController.rare {
                let directory = layout.rareDirectory(of: controller, path)
                if let directory { directories[controller] = directory }
            }
        }
        directories = directories.filter { Files.exists($0.value) }
        if let directory = unified, !Files.exists(directory) { unified = nil }
    }

    init(new path: String, layout: CgroupLayout) {
        self.path = path
        self.layout = layout
        locate()
    }

    private mutating func locate() {
        switch layout {
        case .unified(let root): unified = root + path
        case .separate(_, let roots, let hybrid):
            directories = roots.mapValues { $0 + path }
            unified = hybrid.map { $0 + path }
        }
    }

    /// Whether the v2 hierarchy has the controllers.
    var isUnified: Bool { layout.isUnified }

    /// Makes the group with its limits; what a failure leaves behind is removed again.
    public static func create(
        _ path: String, layout: CgroupLayout, limits: CgroupLimits, in scope: SystemdScope? = nil
    ) throws(SystemError) -> Cgroup {
        try CgroupCreation(path, layout: layout, limits: limits, in: scope).group
    }

    /// Whether it is there in any hierarchy.
    public var isThere: Bool { allDirectories.contains { Files.exists($0) } }

    /// Every directory of the group.
    var allDirectories: [String] { Array(directories.values) + (unified.map { [$0] } ?? []) }

    /// Moves the calling process here, which must have one thread only. clone3 has put it into the v2 directory already.
    ///
    /// A thread that writes 0 into `tasks` moves without the kernel's lock on all forks and exits; any other way takes
    /// that lock, and waits a grace period for it: 0.8 ms on an idle host, 6 ms on a busy one (Linux 6.18).
    public func enterSeparate() throws(SystemError) {
        for directory in directories.values { try Files.set("\(directory)/tasks", "0") }
    }

    /// Moves another process here, which must have one thread only and be in the v2 directory already.
    public func addSeparate(_ process: Int32) throws(SystemError) {
        for directory in directories.values { try Files.set("\(directory)/tasks", "\(process)") }
    }

    /// The numbers of all processes in it.
    public func processes() throws(SystemError) -> [Int32] {
        guard let directory = unified ?? directories[.pids] ?? directories.values.first else { return [] }
        return try Files.readText("\(directory)/cgroup.procs").split(separator: "\n").compactMap { Int32($0) }
    }

    /// The directory of a controller: its own in v1, the only one in v2.
    func directory(of controller: CgroupController) -> String? {
        isUnified || moved.contains(controller) ? unified : directories[controller]
    }

    /// The directory in the v2 hierarchy, if the host has one.
    public var unifiedDirectory: String? { unified }

    /// Whether the v2 hierarchy has the controllers.
    public var hasControllersInUnified: Bool { isUnified }

    /// The directories in the v1 hierarchies, by the controller's name.
    public var controllerDirectories: [(name: String, path: String)] {
        var list: [(name: String, path: String)] = []
        for controller in CgroupController.allCases {
            if let path = directories[controller] { list.append((controller.rawValue, path)) }
        }
        return list
    }
}
