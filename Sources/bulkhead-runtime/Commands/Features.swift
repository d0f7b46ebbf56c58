import ContainerRuntime
import Linux
import OCI

extension RuntimeProgram {
    /// What this runtime can do, whatever the host: the features structure of the OCI runtime specification.
    static func features(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        try words.options { _, _, _ in false }
        try words.end()
        let linux: JSON = [
            "namespaces": JSON(RuntimeFeatures.namespaces),
            "capabilities": JSON(CapabilitySet.names),
            "cgroup": ["v1": true, "v2": true, "systemd": true, "systemdUser": true, "rdma": true],
            "seccomp": [
                "enabled": true, "actions": JSON(RuntimeFeatures.seccompActions),
                "operators": JSON(RuntimeFeatures.seccompOperators),
                "archs": JSON(RuntimeFeatures.seccompArchitectures),
                "knownFlags": JSON(RuntimeFeatures.seccompFlags), "supportedFlags": JSON(RuntimeFeatures.seccompFlags),
            ],
            "apparmor": ["enabled": true], "selinux": ["enabled": true],
            "memoryPolicy": [
                "modes": JSON(RuntimeMemoryPolicy.modes), "flags": JSON(RuntimeMemoryPolicy.flags.map { $0.name }),
            ],
            "intelRdt": ["enabled": true, "schemata": true, "monitoring": true],
            "mountExtensions": ["idmap": ["enabled": true]], "netDevices": ["enabled": true],
        ]
        let document: JSON = [
            "ociVersionMin": "1.0.0", "ociVersionMax": .string(RuntimeSpecification.newestVersion),
            "hooks": JSON(RuntimeFeatures.hooks),
            "mountOptions": JSON(RuntimeFeatures.mountOptions), "linux": linux,
            // The second is by runc's name, for whoever asks before it wants a checkpoint.
            "annotations": JSON([
                "io.bulkhead.runtime.version": version, "org.opencontainers.runc.checkpoint.enabled": "true",
            ]),
            // By these the program's user is looked up by name in the container.
            "potentiallyUnsafeConfigAnnotations": ["org.bulkhead."],
        ]
        print(document.indented)
        return 0
    }
}

/// What config.json may ask for. Every entry is tried by a test: add here what is added there.
enum RuntimeFeatures {
    static let namespaces = ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]
    static let hooks = [
        "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
    ]
    static let mountOptions =
        ([
            "bind", "rbind", "defaults", "sync", "async", "dirsync", "mand", "nomand", "silent", "loud", "remount",
            "tmpcopyup", "idmap", "ridmap",
        ]
        + ["iversion", "noiversion", "lazytime", "nolazytime"]
        + ["private", "shared", "slave", "unbindable"].flatMap { [$0, "r\($0)"] }
        + perMount.flatMap { [$0, "r\($0)"] }).sorted()
    /// Those that a mount has for itself; with an r in front for all mounts below it too.
    private static let perMount = [
        "ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec", "nodiratime", "diratime", "nosymfollow",
        "symfollow", "noatime", "atime", "strictatime", "nostrictatime", "relatime", "norelatime",
    ]
    static let seccompActions = [
        "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
        "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP",
    ]
    static let seccompOperators = [
        "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE",
    ]
    /// Those that one filter can have beside this machine's own: libseccomp refuses the other byte order.
    static let seccompArchitectures = [
        "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
        "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64",
    ]
    static let seccompFlags = [
        "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
    ]
}

extension JSON {
    /// The document in lines of its own, two spaces a level, as runc writes what people read.
    var indented: String { indented(by: "") }

    private func indented(by space: String) -> String {
        let inner = space + "  "
        switch self {
        case .array(let elements) where !elements.isEmpty:
            return "[\n" + elements.map { inner + $0.indented(by: inner) }.joined(separator: ",\n") + "\n\(space)]"
        case .object(let members) where !members.isEmpty:
            let lines = members.sorted { $0.key < $1.key }.map {
                "\(inner)\(JSON.string($0.key)): \($0.value.indented(by: inner))"
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(space)}"
        default: return description
        }
    }
}
