import Glibc
import Linux
import OCI

extension RuntimeProgram {
    static func specification(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        var bundle = "."
        var rootless = false
        try words.options { name, value, words throws(CommandError) in
            switch name {
            case "bundle", "b": bundle = try value(&words)
            case "rootless": rootless = true
            default: return false
            }
            return true
        }
        try words.end()
        let path = "\(bundle)/config.json"
        guard !Files.exists(path) else { throw .usage("file \(path) exists; remove it first") }
        let document = rootless ? withoutRoot(usual.json) : usual.json
        try kernel(Files.write(path, Array(document.indented.utf8) + [UInt8(ascii: "\n")]))
        return 0
    }

    /// For a user without privileges: a user namespace in which it is root, the host's network, no limits.
    private static func withoutRoot(_ document: JSON) -> JSON {
        guard case .object(var members) = document, case .object(var linux) = members["linux"] else { return document }
        if case .array(let namespaces) = linux["namespaces"] {
            linux["namespaces"] = .array(namespaces.filter { $0 != ["type": "network"] } + [["type": "user"]])
        }
        linux["uidMappings"] = [["containerID": 0, "hostID": JSON(geteuid()), "size": 1]]
        linux["gidMappings"] = [["containerID": 0, "hostID": JSON(getegid()), "size": 1]]
        linux["resources"] = nil
        members["linux"] = .object(linux)
        if case .array(let mounts) = members["mounts"] {
            // sysfs needs a network namespace of its own; the group 5 is not mapped.
            members["mounts"] = .array(
                mounts.map { mount in
                    guard case .object(var mount) = mount, let destination = mount["destination"] else { return mount }
                    if destination == "/sys" {
                        mount["type"] = "none"
                        mount["source"] = "/sys"
                        mount["options"] = ["rbind", "nosuid", "noexec", "nodev", "ro"]
                    }
                    if case .array(let options) = mount["options"] {
                        mount["options"] = .array(options.filter { $0 != "gid=5" })
                    }
                    return .object(mount)
                })
        }
        return .object(members)
    }

    /// A shell in a root filesystem beside the configuration, with what every Linux program expects.
    private static var usual: RuntimeSpecification {
        var specification = RuntimeSpecification()
        specification.root = RuntimeRoot(path: "rootfs", readOnly: true)
        specification.hostname = "bulkhead"
        var process = RuntimeProcess()
        process.terminal = true
        process.arguments = ["sh"]
        process.environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"]
        process.capabilities = RuntimeCapabilities(["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"])
        process.limits = [.init(type: "RLIMIT_NOFILE", soft: 1024, hard: 1024)]
        process.noNewPrivileges = true
        specification.process = process
        specification.mounts = [
            .init(destination: "/proc", type: "proc", source: "proc"),
            .init(
                destination: "/dev", type: "tmpfs", source: "tmpfs",
                options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            .init(
                destination: "/dev/pts", type: "devpts", source: "devpts",
                options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            .init(
                destination: "/dev/shm", type: "tmpfs", source: "shm",
                options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
            .init(
                destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]),
            .init(
                destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]),
            .init(
                destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
                options: ["nosuid", "noexec", "nodev", "relatime", "ro"]),
        ]
        specification.linux.namespaces = [
            .init(.pid), .init(.network), .init(.ipc), .init(.uts), .init(.mount), .init(.cgroup),
        ]
        specification.linux.resources.devices = [.init(allow: false)]
        specification.linux.maskedPaths = [
            "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
            "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
        ]
        specification.linux.readOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
        return specification
    }
}
