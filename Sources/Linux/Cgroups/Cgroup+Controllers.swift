internal import Glibc

extension CgroupLimits {
    /// The controllers that these limits need, each with the property that needs it.
    var controllers: [(controller: CgroupController, property: String)] {
        unifiedWrites().compactMap { write in write.controller.map { ($0, write.property) } }
    }

    /// Of the rare ones.
    var rareControllers: [CgroupController] {
        var wanted: [CgroupController] = []
        if !hugePages.isEmpty { wanted.append(.hugetlb) }
        if !rdma.isEmpty { wanted.append(.rdma) }
        if networkClass != nil { wanted.append(.networkClass) }
        if !networkPriorities.isEmpty { wanted.append(.networkPriority) }
        return wanted
    }
}

extension Cgroup {
    /// Finds the hierarchies for limits that nearly nobody asks for: a v1 tree of their own, or the v2 tree of a hybrid
    /// host, which has the controllers that no v1 tree has.
    mutating func locateRare(_ limits: CgroupLimits) {
        guard case .separate(_, _, let hybrid) = layout else { return }
        for controller in limits.rareControllers {
            if let root = layout.rareRoot(of: controller) {
                directories[controller] = root + path
            } else if let hybrid, Cgroup.words("\(hybrid)/cgroup.controllers").contains(controller.unifiedName) {
                moved.insert(controller)
            }
        }
    }

    /// Controllers of v2 must be handed down from the root, level by level, to where they are wanted.
    ///
    /// Those that figures are read from are taken where that is possible; those that limits ask for must be there.
    func enableControllers(for limits: CgroupLimits) throws(SystemError) {
        switch layout {
        case .unified(let root):
            let there = Cgroup.words("\(root)/cgroup.controllers")
            let needed = limits.controllers
            for (controller, property) in needed where !there.contains(controller.unifiedName) {
                throw SystemError(
                    "linux.resources.\(property): this host has no control group for", controller.unifiedName,
                    code: ENOTSUP)
            }
            let wanted = Set(["cpu", "io", "memory", "pids"].filter(there.contains))
            try handDown(from: root, Set(needed.map { $0.controller.unifiedName }), wanted)
        case .separate(_, _, .some(let root)) where !moved.isEmpty:
            try handDown(from: root, Set(moved.map { $0.unifiedName }), [])
        case .separate: return
        }
    }

    private func handDown(from root: String, _ needed: Set<String>, _ wanted: Set<String>) throws(SystemError) {
        var directory = root
        for name in path.split(separator: "/") {
            let file = "\(directory)/cgroup.subtree_control"
            let enabled = Cgroup.words(file)
            let missing = needed.union(wanted).subtracting(enabled).sorted()
            if !missing.isEmpty {
                do { try Files.set(file, missing.map { "+\($0)" }.concatenated(separator: " ")) } catch {
                    // Processes in this group, or no right to it: then only figures are missing, if nothing is limited.
                    let unmet = needed.subtracting(enabled).sorted()
                    if !unmet.isEmpty { try Files.set(file, unmet.map { "+\($0)" }.concatenated(separator: " ")) }
                }
            }
            directory += "/\(name)"
            if !Files.exists(directory) { try Files.makeDirectory(directory) }
        }
    }

    /// The words of a file; none where it is not there.
    static func words(_ path: String) -> Set<String> {
        // What can't be read offers nothing: whoever needs something of it says so.
        Set(((try? Files.readText(path)) ?? "").split { $0 == " " || $0 == "\n" }.map(String.init))
    }
}
