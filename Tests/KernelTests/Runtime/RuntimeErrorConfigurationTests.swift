import Linux
import OCI
import TestKit
import Testing

/// A change to config.json, and where it makes it wrong what the error must name.
struct ConfigurationChange: Sendable, CustomTestStringConvertible {
    let path: [String]
    let value: JSON?
    let named: String

    init(_ path: String, _ value: JSON?, named: String? = nil) {
        self.path = path.split(separator: ".").map(String.init)
        self.value = value
        self.named = named ?? path
    }

    var testDescription: String { "\(path.joined(separator: ".")) = \(value?.description ?? "missing")" }

    func applied(to document: JSON) -> JSON { ConfigurationChange.set(document, path[...], value) }

    private static func set(_ document: JSON, _ path: ArraySlice<String>, _ value: JSON?) -> JSON {
        guard let name = path.first else { return value ?? .null }
        var members: [String: JSON] = [:]
        if case .object(let there) = document { members = there }
        members[name] =
            path.count == 1 ? value : set(members[name] ?? .object([:]), path.dropFirst(), value)
        return .object(members)
    }
}

@Suite("bulkhead-runtime: wrong configurations", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeErrorConfigurationTests {
    static let wrong: [ConfigurationChange] = [
        .init("ociVersion", nil), .init("ociVersion", 1), .init("ociVersion", "2.0.0"),
        .init("root", nil), .init("root", "rootfs"), .init("root.path", nil), .init("root.path", 5),
        .init("root.path", "nowhere"), .init("root.readonly", "yes"),
        .init("process", nil), .init("process", []), .init("process.args", []), .init("process.args", "true"),
        .init("process.args", [1]), .init("process.args", ["a\u{0}b"], named: "process"),
        .init("process.terminal", 1), .init("process.cwd", 1),
        .init("process.env", ["A": "b"]), .init("process.user", 5), .init("process.user.uid", "root"),
        .init("process.user.uid", -1), .init("process.user.gid", 4_294_967_296),
        .init("process.user.additionalGids", ["x"]),
        .init("process.capabilities", []),
        .init("process.rlimits", [["type": "RLIMIT_NONSENSE", "soft": 1, "hard": 1]]),
        .init("process.rlimits", [["type": "RLIMIT_NOFILE", "hard": 1]]),
        .init("process.noNewPrivileges", "x"), .init("process.oomScoreAdj", "x"),
        .init("hostname", 5), .init("domainname", []),
        .init("mounts", [:]), .init("mounts", [[:]]), .init("mounts", [["destination": "/x"]]),
        .init("mounts", [["destination": 5]]),
        .init("mounts", [["destination": "/x", "type": "tmpfs", "options": "ro"]]),
        .init(
            "mounts", [["destination": "/x", "source": "/nonexistent-source", "options": ["bind"]]],
            named: "/nonexistent-source"),
        .init("mounts", [["destination": "/x", "source": "/", "options": ["bind", "nonsense"]]]),
        .init("mounts", [["destination": "/x", "type": "nonsensefs", "source": "x"]], named: "/x"),
        .init("annotations", ["a": 1]), .init("annotations", []),
        .init("linux", []), .init("linux.namespaces", "pid"), .init("linux.namespaces", [["type": "nonsense"]]),
        .init("linux.namespaces", [["type": "mount"], ["type": "pid"], ["type": "pid"]]),
        .init(
            "linux.namespaces", [["type": "mount"], ["type": "network", "path": "/nonexistent-namespace"]],
            named: "/nonexistent-namespace"),
        .init("linux.devices", [["path": "/dev/x", "type": "z"]]), .init("linux.devices", [["type": "c"]]),
        .init("linux.cgroupsPath", 5), .init("linux.cgroupsPath", "/../x"),
        .init("linux.cgroupsPath", "//"), .init("linux.cgroupsPath", "a/../../b"), .init("linux.cgroupsPath", "/./."),
        .init("linux.resources", []), .init("linux.resources.memory", 5),
        .init("linux.resources.memory.limit", "1g"), .init("linux.resources.memory.swappiness", -1),
        .init("linux.resources.cpu.shares", "x"), .init("linux.resources.cpu.quota", "x"),
        .init("linux.resources.cpu.cpus", 5), .init("linux.resources.pids.limit", "x"),
        .init("linux.resources.devices", [["allow": 1]]), .init("linux.resources.devices", [[:]]),
        .init("linux.resources.blockIO.weight", "x"),
        .init("linux.sysctl", ["kernel.panic": "1"]), .init("linux.sysctl", ["net.ipv4.ip_forward": 1]),
        .init("linux.sysctl", ["net.nonsense": "1"], named: "net.nonsense"),
        .init("linux.rootfsPropagation", "nonsense"), .init("linux.maskedPaths", "x"),
        .init("linux.readonlyPaths", [1]),
        .init("linux.netDevices", ["no/name": [:]]), .init("linux.netDevices", ["nope0": [:]]),
        .init("linux.mountLabel", 5), .init("linux.mountLabel", "a:\"b"),
        .init("linux.seccomp", [:]),
        .init("linux.seccomp.defaultAction", "SCMP_ACT_NONSENSE", named: "SCMP_ACT_NONSENSE"),
        .init(
            "linux.seccomp", ["defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_NONSENSE"]],
            named: "SCMP_ARCH_NONSENSE"),
        .init("linux.seccomp", ["defaultAction": "SCMP_ACT_ALLOW", "flags": ["NONSENSE"]]),
        .init("linux.seccomp", ["defaultAction": "SCMP_ACT_ALLOW", "syscalls": [["names": ["read"]]]]),
    ]

    @Test(arguments: wrong) func isRefusedByNameAndLeavesNothing(_ wrong: ConfigurationChange) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let text = wrong.applied(to: bundle.specification.json).encoded
            try Files.write("\(bundle.directory)/config.json", text)
            for command in ["create", "run"] {
                let result = try bundle.command([command, "-b", bundle.directory, bundle.id])
                #expect(result.code == 1)
                #expect(result.error.contains(wrong.named), "\(result.error)")
                #expect(result.output.isEmpty)
                try expectNothing(bundle)
            }
        }
    }

    /// Neither JSON nor whole.
    @Test(arguments: ["", "nonsense", "{", "[]", "{\"ociVersion\":\"1.2.0\",}"])
    func whatIsNoDocument(_ text: String) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            try Files.write("\(bundle.directory)/config.json", Array(text.utf8))
            let result = try bundle.command(["run", "-b", bundle.directory, bundle.id])
            #expect(result.code == 1 && result.error.contains("config.json"))
            try expectNothing(bundle)
        }
    }

    @Test func bundlesThatAreNone() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let missing = try bundle.command(["run", "-b", "/nonexistent-bundle", bundle.id])
            #expect(missing.code == 1 && missing.error.contains("/nonexistent-bundle is no bundle"))
            let empty = try bundle.command(["run", "-b", bundle.rootFileSystem, bundle.id])
            #expect(empty.code == 1 && empty.error.contains("is no bundle"))
            try expectNothing(bundle)
        }
    }

    @Test func filesThatCannotBeWritten() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            try bundle.write()
            for command in ["create", "run"] {
                let pid = try bundle.command([
                    command, "-b", bundle.directory, "--pid-file", "/proc/nope/pid", bundle.id,
                ])
                #expect(pid.code == 1 && pid.error.contains("--pid-file"))
                try expectNothing(bundle)
            }
            // Not even the superuser makes directories below /proc.
            let root = try Command.run(
                bundle.runtime, ["--root", "/proc/state", "run", "-b", bundle.directory, bundle.id],
                in: bundle.resources)
            #expect(root.code == 1 && root.error.contains("/proc/state"))
        }
    }

    @Test func consoleSocketThatIsNotThere() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.process?.terminal = true
            try bundle.write()
            let without = try bundle.command(["create", "-b", bundle.directory, bundle.id])
            #expect(without.code == 1 && without.error.contains("console socket"))
            let missing = try bundle.command([
                "create", "-b", bundle.directory, "--console-socket", "/nonexistent-console", bundle.id,
            ])
            #expect(missing.code == 1 && missing.error.contains("--console-socket"))
            try expectNothing(bundle)
            bundle.specification.process?.terminal = false
            try bundle.write()
            let useless = try bundle.command([
                "create", "-b", bundle.directory, "--console-socket", "/nonexistent-console", bundle.id,
            ])
            #expect(useless.code == 1 && useless.error.contains("--console-socket"))
            try expectNothing(bundle)
        }
    }

    @Test func descriptorsThatAreNotOpen() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            try bundle.write()
            let result = try bundle.command(["run", "-b", bundle.directory, "--preserve-fds", "500", bundle.id])
            #expect(result.code == 1, "\(result.error)")
            #expect(result.error.contains("--preserve-fds: the descriptor "), "\(result.error)")
            #expect(result.error.contains(" is not open"), "\(result.error)")
            try expectNothing(bundle)
        }
    }
}

/// That no state and no control group of a bundle's container is there.
func expectNothing(_ bundle: RuntimeBundle) throws {
    let state = "\(bundle.resources.directory)/state"
    if Files.exists(state) {
        let left = try Files.entries(of: state).filter { $0 != ".seccomp" }
        #expect(left == [])
    }
    let group = Cgroup(existing: "/\(bundle.id)", layout: try .detect())
    #expect(!group.isThere)
}
