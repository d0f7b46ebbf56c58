internal import Linux
internal import OCI

extension ContainerPlan {
    /// Whom config.json says the container's users and groups are outside of it.
    static func identities(_ linux: RuntimeLinux, _ created: Namespaces) throws(RuntimeError) -> IdentityMap? {
        if let map = IdentityMap(linux) { return map }
        guard !created.contains(.user), linux.userMappings.isEmpty, linux.groupMappings.isEmpty else {
            throw .invalid("linux.uidMappings, linux.gidMappings: both are needed")
        }
        return nil
    }

    /// What an ordinary user can't have, and numbers that mean nobody in the container's user namespace.
    func checkUsers() throws(RuntimeError) {
        if isUnprivileged {
            guard hasUserNamespace else {
                throw .invalid(
                    "linux.namespaces: without privileges a container needs a user namespace of its own; "
                        + "spec --rootless writes a configuration with one")
            }
            if let mount = mounts.first(where: { $0.mapping != nil }) {
                throw .invalid("mounts: \(mount.destination): mapping the owners of files takes the host's superuser")
            }
            guard case .directory = blueprint.root else {
                throw .failed("mount the root filesystem: an overlay takes the host's superuser")
            }
        }
        guard created.contains(.user), let identities else { return }
        for mount in mounts {
            for option in mount.data.split(separator: ",") {
                let words = option.split(separator: "=", maxSplits: 1)
                guard words.count == 2, let number = UInt32(words[1]) else { continue }
                if words[0] == "uid", identities.outside(user: number) == nil {
                    throw .invalid("mounts: \(mount.destination): \(option): linux.uidMappings has no user \(number)")
                }
                if words[0] == "gid", identities.outside(group: number) == nil {
                    throw .invalid("mounts: \(mount.destination): \(option): linux.gidMappings has no group \(number)")
                }
            }
        }
    }

    /// The user outside to whom the container's control group is given, or nil where it is not: it is where the container
    /// has a view of its own of it and may write to that (OCI runtime specification, "Cgroup ownership").
    var groupOwner: UInt32? {
        let isWritable = specification.mounts.contains {
            $0.source == "cgroup" && $0.destination == "/sys/fs/cgroup" && !$0.options.contains("ro")
        }
        guard isWritable, created.contains(.cgroup) else { return nil }
        let user = process.process.user.uid
        return created.contains(.user) ? identities?.outside(user: user) : user
    }

    /// Where the host has a file system that shows a namespace which the container shares with it. Who does not own the
    /// namespace can't mount such a file system, and gets a bind of the host's.
    func placeOnHost(of type: String) -> String? {
        guard hasUserNamespace || blueprint.isRootless else { return nil }
        return switch type {
        case "sysfs" where !created.contains(.network): "/sys"
        case "proc" where !created.contains(.pid): "/proc"
        case "mqueue" where !created.contains(.ipc): "/dev/mqueue"
        default: nil
        }
    }
}
