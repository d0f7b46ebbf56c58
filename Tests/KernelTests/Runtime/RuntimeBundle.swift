import Glibc
import Linux
import OCI
import TestKit
import Testing

/// A bundle with busybox in its root filesystem, and bulkhead-runtime to run it.
struct RuntimeBundle {
    let resources: TestResources
    var specification: RuntimeSpecification
    var runtime: String
    /// System calls that the runtime finds missing; those of Linux 5.4 for all tests with `BULKHEAD_TEST_OLDER_KERNEL`.
    var denied: DeniedCalls? = getenv("BULKHEAD_TEST_OLDER_KERNEL") == nil ? nil : .all

    var directory: String { "\(resources.directory)/bundle" }
    var rootFileSystem: String { "\(directory)/rootfs" }
    /// The container's name.
    var id: String { resources.name("c") }

    private static let applets = [
        "sh", "true", "cat", "id", "mount", "echo", "sleep", "ls", "hostname", "env", "head", "dd", "grep", "touch",
        "mkdir",
        "readlink", "stat", "mknod", "pwd", "ip", "tty", "stty", "wc", "kill", "chmod", "ionice", "uname", "cut",
        "umount",
    ]

    init(_ resources: TestResources, _ arguments: [String]) throws {
        self.resources = resources
        // Another one, to see whether a test is right.
        runtime = try getenv("BULKHEAD_TEST_RUNTIME").map { String(cString: $0) } ?? Command.built("bulkhead-runtime")
        specification = RuntimeBundle.usual(arguments)
        for name in ["bin", "etc", "tmp"] { try Files.makeDirectories("\(rootFileSystem)/\(name)") }
        try Command.copy("/bin/busybox", to: "\(rootFileSystem)/bin/busybox")
        for applet in RuntimeBundle.applets { symlink("busybox", "\(rootFileSystem)/bin/\(applet)") }
        let users = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:web:/srv/web:/bin/sh\n"
        try Files.write("\(rootFileSystem)/etc/passwd", Array(users.utf8))
        try Files.write("\(rootFileSystem)/etc/group", Array("root:x:0:\nweb:x:33:\nextra:x:50:web,root\n".utf8))
    }

    /// What Docker gives a container, but for seccomp.
    private static func usual(_ arguments: [String]) -> RuntimeSpecification {
        var specification = RuntimeSpecification()
        specification.root = RuntimeRoot(path: "rootfs")
        var process = RuntimeProcess()
        process.arguments = arguments
        process.environment = ["PATH=/usr/bin:/bin"]
        process.capabilities = RuntimeCapabilities(["CAP_CHOWN", "CAP_KILL", "CAP_MKNOD", "CAP_SETUID", "CAP_SETGID"])
        specification.process = process
        specification.mounts = [
            .init(destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]),
            .init(destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"]),
            .init(
                destination: "/dev/pts", type: "devpts", source: "devpts",
                options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            .init(destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]),
            .init(
                destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
                options: ["ro", "nosuid", "noexec", "nodev"]),
        ]
        specification.linux.namespaces = [
            .init(.pid), .init(.network), .init(.ipc), .init(.uts), .init(.mount), .init(.cgroup),
        ]
        specification.linux.resources.devices = [.init(allow: false)]
        return specification
    }

    /// Runs a command of bulkhead-runtime.
    func command(_ words: [String], input: String = "") throws -> CommandResult {
        try Command.run(
            runtime, ["--root", "\(resources.directory)/state"] + words, input: input, denied: denied, in: resources)
    }

    /// Writes config.json.
    func write() throws { try Files.write("\(directory)/config.json", specification.json.encoded) }

    /// `run`: the container from its beginning to its end.
    func run(input: String = "") throws -> CommandResult {
        try write()
        return try command(["run", "-b", directory, id], input: input)
    }

    /// `run --detach`, `body`, `delete --force`.
    func whileRunning(_ body: () throws -> Void) throws {
        try write()
        let started = try command(["run", "--detach", "-b", directory, id])
        try #require(started.code == 0, "\(started.error)")
        defer { #expect(throws: Never.self) { try command(["delete", "--force", id]) } }
        try body()
    }

    /// `exec`.
    func exec(_ words: [String], options: [String] = []) throws -> CommandResult {
        try command(["exec"] + options + [id] + words)
    }
}

/// Runs a test with a bundle, and fails it if anything of the container is left.
func withBundle(_ arguments: [String], _ body: (inout RuntimeBundle) throws -> Void) throws {
    try withTestResources { resources in
        var bundle = try RuntimeBundle(resources, arguments)
        try body(&bundle)
    }
}

/// A shell script as the container's program.
func script(_ text: String) -> [String] { ["/bin/sh", "-c", text] }

/// Every suite here takes the superuser and this machine's kernel.
let isSuperuser = getuid() == 0
