import OCI

extension ConfigurationBuilder {
    /// Docker's mounts in Docker's order, then those of the client, the shallow ones first.
    func mounts() -> [JSON] {
        let targets = Set(resolved.mounts.map(\.target))
        let replacesDevices = targets.contains("/dev")
        var mounts = defaultMounts().filter { mount in
            !targets.contains(mount.target) && !(replacesDevices && mount.target.hasPrefix("/dev/"))
        }
        if facts.placement == .host {
            let option = security.readOnlyRoot ? "ro" : "rw"
            for (target, source) in [
                ("/etc/resolv.conf", resolved.resolverPath), ("/etc/hostname", resolved.hostnamePath),
                ("/etc/hosts", resolved.hostsPath),
            ] where !targets.contains(target) && !source.isEmpty {
                mounts.append(Mount(target, "bind", source, ["rbind", "rprivate", option]))
            }
        }
        let depth = { (path: String) in path.split(separator: "/").count }
        let own = resolved.mounts.enumerated()
            .sorted { (depth($0.element.target), $0.offset) < (depth($1.element.target), $1.offset) }
        return (mounts + own.map { mount($0.element) }).map(\.json)
    }

    private struct Mount {
        var target: String
        var type: String
        var source: String
        var options: [String]

        init(_ target: String, _ type: String, _ source: String, _ options: [String]) {
            self.target = target
            self.type = type
            self.source = source
            self.options = options
        }

        var json: JSON {
            [
                "destination": .string(target), "type": .string(type), "source": .string(source),
                "options": JSON(options),
            ]
        }
    }

    private func defaultMounts() -> [Mount] {
        let writable = security.privileged
        let cgroupWritable = writable || SecurityOptions(security.options).writableCgroups
        let root = security.readOnlyRoot
        let shared = specification.sharedMemorySize ?? 64 << 20
        var mounts = [
            Mount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
            Mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            Mount(
                "/dev/pts", "devpts", "devpts",
                ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            Mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", writable && !root ? "rw" : "ro"]),
            Mount(
                "/sys/fs/cgroup", "cgroup", "cgroup",
                [cgroupWritable && !root ? "rw" : "ro", "nosuid", "noexec", "nodev"]),
        ]
        if specification.ipcMode == "host" {
            mounts.append(Mount("/dev/mqueue", "bind", "/dev/mqueue", ["rbind", "nosuid", "noexec", "nodev"]))
        } else {
            mounts.append(Mount("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]))
        }
        switch specification.ipcMode {
        case "none": break
        case "host": mounts.append(Mount("/dev/shm", "bind", "/dev/shm", ["rbind", "rprivate"]))
        default:
            if let process = facts.ipcProcess {
                mounts.append(Mount("/dev/shm", "bind", "/proc/\(process)/root/dev/shm", ["rbind", "rprivate"]))
            } else {
                mounts.append(
                    Mount("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=\(shared)"]))
            }
        }
        if let program = facts.initProgram {
            mounts.append(Mount(ConfigurationBuilder.initTarget, "bind", program, ["bind", "ro"]))
        }
        return mounts
    }

    private func mount(_ mount: ResolvedMount) -> Mount {
        switch mount.kind {
        case .tmpfs:
            var options = ["noexec", "nosuid", "nodev", "rprivate"]
            for option in mount.options {
                // What is asked for replaces its opposite.
                let opposite = option.hasPrefix("no") ? String(option.dropFirst(2)) : "no" + option
                options.removeAll { $0 == opposite || $0 == option }
                options.append(option)
            }
            if mount.readOnly { options.append("ro") }
            return Mount(mount.target, "tmpfs", "tmpfs", options)
        case .bind, .volume:
            let source = facts.sources[mount.target] ?? mount.source
            let propagation = mount.propagation.isEmpty ? "rprivate" : mount.propagation
            return Mount(
                mount.target, "bind", source,
                [mount.nonRecursive ? "bind" : "rbind", mount.readOnly ? "ro" : "rw", propagation])
        }
    }
}
