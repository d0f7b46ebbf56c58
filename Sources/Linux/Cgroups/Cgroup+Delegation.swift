internal import Glibc

extension Cgroup {
    /// Gives the group of v2 to a user, who may then make groups below it and move processes there, but not change its
    /// limits (cgroups(7), "Cgroups delegation"; OCI runtime specification, "Cgroup ownership"). Nothing happens in v1,
    /// where that is not safe.
    public func delegate(to user: UInt32) throws(SystemError) {
        guard isUnified, let unified else { return }
        try Cgroup.setOwner(of: unified, user)
        for name in Cgroup.delegated { try Cgroup.setOwner(of: "\(unified)/\(name)", user) }
    }

    /// The files that belong to whom a group is delegated; not every group has all of them.
    private static var delegated: [String] {
        // Kernels before 4.15 do not say: then it is these.
        let told = try? Files.readText("/sys/kernel/cgroup/delegate").split(separator: "\n").map(String.init)
        return told ?? ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"]
    }

    private static func setOwner(of path: String, _ user: UInt32) throws(SystemError) {
        // unsafe because the path is a C string; it lives for the call
        let result = unsafe chown(path, user, gid_t.max)
        if result < 0 && errno == ENOENT { return }
        try SystemError.check(result, "change the owner of", path)
    }

    /// The group beside the calling process's own in which an ordinary user's are made, whose own one has processes.
    /// Nil where the host has no v2, or the own group is out of sight.
    public static func placeOfOrdinaryUser(_ layout: CgroupLayout) throws(SystemError) -> String? {
        guard layout.isUnified, let own = try visiblePath() else { return nil }
        return Files.parent(of: own)
    }

    /// The path of the calling process's group of v2; nil where it is not below the group that is this one's root.
    private static func visiblePath() throws(SystemError) -> String? {
        let lines = try Files.readText("/proc/self/cgroup").split(separator: "\n")
        guard let path = lines.first(where: { $0.hasPrefix("0::") })?.dropFirst(3) else { return nil }
        return path.split(separator: "/").contains("..") ? nil : String(path)
    }

    /// Whether the calling process may make processes in the group of v2, if there is one: that takes the right to write
    /// to the list of processes of the group that is above both its own and this one (cgroups(7), "Delegation
    /// containment").
    public func mayBeEntered() throws(SystemError) -> Bool {
        guard let unified else { return true }
        guard let own = try Cgroup.visiblePath() else { return false }
        let common = zip(own.split(separator: "/"), path.split(separator: "/")).prefix { $0 == $1 }.map { "/\($0.0)" }
        let above = unified.dropLast(path.count) + common.joined()
        // unsafe because the paths are C strings; they live for the calls
        return unsafe access("\(above)/cgroup.procs", W_OK) == 0 && access("\(unified)/cgroup.procs", W_OK) == 0
    }

    /// Moves a process into the group of v2; systemd does it for its scopes where the calling process may not.
    public func add(_ process: Int32) throws(SystemError) {
        guard let unified else { return }
        do { try Files.set("\(unified)/cgroup.procs", "\(process)") } catch {
            guard let scope, error.code == EACCES || error.code == EPERM else { throw error }
            try scope.attach(process)
        }
    }
}

extension SystemError {
    /// Whether the kernel has refused it for want of rights, or of a place that could be written.
    public var isRefusal: Bool { code == EACCES || code == EPERM || code == EROFS }
}

extension CgroupLimits {
    /// The properties below `linux.resources` that limit something, but for devices.
    public var properties: [String] {
        var seen: Set<String> = []
        let writes = (separateWrites() + unifiedWrites()).filter { write in
            write.property != "devices" && !write.choices.allSatisfy { $0.value == "-1" || $0.value == "max" }
        }
        return writes.map { $0.property }.filter { seen.insert($0).inserted }
    }
}
