internal import Glibc

extension Cgroup {
    /// The groups below this one, in every hierarchy that it is in. All of them must be there: else a process that
    /// enters them would be limited by nobody in the others.
    ///
    /// - Throws: ENOENT naming the directory that is missing.
    public func below(_ path: String) throws(SystemError) -> Cgroup {
        var group = self
        for (controller, directory) in directories {
            group.directories[controller] = try Cgroup.existing("\(directory)/\(path)")
        }
        guard let unified else { return group }
        // The v2 tree of a hybrid host limits nothing, unless a controller was moved there.
        let below = "\(unified)/\(path)"
        if isUnified || !moved.isEmpty || Files.exists(below) { group.unified = try Cgroup.existing(below) }
        return group
    }

    /// Other groups below this one for some controllers of v1, by their names; in the others this one.
    ///
    /// - Throws: ENOTSUP for a controller that the group does not have, or on v2; ENOENT naming what is missing.
    public func below(_ paths: [String: String]) throws(SystemError) -> Cgroup {
        var group = self
        for (name, path) in paths.sorted(by: { $0.key < $1.key }) {
            guard !isUnified else {
                throw SystemError(
                    "cgroup v2 has one group for all controllers; give a path without", "\(name):", code: ENOTSUP)
            }
            let plain = name.hasPrefix("name=") ? String(name.dropFirst("name=".count)) : name
            guard let controller = CgroupController(rawValue: plain), let directory = directories[controller] else {
                throw SystemError("the container has no control group for", name, code: ENOTSUP)
            }
            let below = try Cgroup.existing("\(directory)/\(path)")
            // Controllers may be mounted together, under several names.
            let status = FileStatus(directory)
            for (other, place) in directories where other == controller || FileStatus(place) == status {
                if other == controller || paths[other.rawValue] == nil { group.directories[other] = below }
            }
        }
        return group
    }

    private static func existing(_ directory: String) throws(SystemError) -> String {
        guard Files.isDirectory(directory) else {
            throw SystemError("there is no such group below the container's:", directory, code: ENOENT)
        }
        return directory
    }
}
