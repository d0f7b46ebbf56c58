import Glibc
import Linux
import TestKit
import Testing

/// One program that runs containers, with `bulkhead-runtime` as its runtime, in mount and network namespaces and roots of
/// its own: nothing of it can reach the host.
///
/// With `BULKHEAD_PEER_RUNTIME=/usr/sbin/runc` in the environment the same tests judge that runtime: a test that the
/// reference fails is a wrong test.
final class PeerSession {
    let peer: Peer
    let resources: TestResources
    let runtime: String
    private var processes: [Int32] = []
    private var holder: Int32 = 0

    var directory: String { resources.directory }

    static let project: String = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    static let tools = project + "/.build/tools"

    init(_ peer: Peer, _ resources: TestResources) throws {
        self.peer = peer
        self.resources = resources
        runtime = try getenv("BULKHEAD_PEER_RUNTIME").map { String(cString: $0) } ?? Command.built("bulkhead-runtime")
        do {
            try hold()
            let image = try host("\(PeerSession.project)/scripts/make-test-image", ["\(directory)/image.tar"])
            try #require(image.code == 0, "\(image.error)")
            try peer.prepare(self)
        } catch {
            end()
            throw error
        }
    }

    /// A process that keeps the namespaces, in which the fetched programs are where their packages have them: podman's
    /// monitor starts podman once more without telling it of libraries elsewhere, and waits 20 s for what it would do.
    private func hold() throws {
        let pipe = try PipePair()
        holder = try Spawn.process(
            path: "/usr/bin/unshare",
            arguments: [
                "--mount", "--net", "sh", "-ec",
                """
                mount -t overlay -o lowerdir=\(PeerSession.tools)/usr:/usr overlay /usr
                # containerd has no figures of a container where one controller of version 1 is mounted nowhere.
                for name in $(cut -d : -f 2 /proc/self/cgroup); do
                    case $name in name=*) continue ;; esac
                    [ ! -e /sys/fs/cgroup/$name ] || continue
                    mkdir \(directory)/$name
                    mount -t cgroup -o $name none \(directory)/$name
                done
                ip link set lo up
                echo ready
                exec sleep 1000
                """,
            ],
            environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], descriptors: [(1, pipe.writing.rawValue)])
        guard case .bytes = try pipe.reading.read(upTo: 16) else {
            throw SystemError("make the namespaces of the test", code: EIO)
        }
    }

    /// A program of the host, outside.
    private func host(_ path: String, _ arguments: [String]) throws -> CommandResult {
        try Command.run(path, arguments, in: resources)
    }

    private func inside(_ arguments: [String]) -> [String] {
        ["-t", "\(holder)", "-m", "-n", "env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"] + peer.environment(self)
            + arguments
    }

    /// Runs a command in the namespaces, to its end.
    func run(_ arguments: [String], input: String = "") throws -> CommandResult {
        try Command.run("/usr/bin/nsenter", inside(["timeout", "60"] + arguments), input: input, in: resources)
    }

    /// The same with a terminal.
    func runInTerminal(_ arguments: [String]) throws -> CommandResult {
        try run(["script", "-qec", arguments.map { "'\($0)'" }.joined(separator: " "), "/dev/null"])
    }

    /// Starts a daemon and waits until a command of its client succeeds.
    func startDaemon(_ arguments: [String], answering probe: [String]) throws {
        let log = try Descriptor.open("\(directory)/daemon.log", [.writeOnly, .create, .append], mode: 0o644)
        processes.append(
            try Spawn.process(
                path: "/usr/bin/nsenter", arguments: inside(arguments),
                environment: [], descriptors: [(1, log.rawValue), (2, log.rawValue)]))
        extendLifetime(log)
        let deadline = Clock.monotonicMilliseconds + 60_000
        // The client is the only one who can tell: the socket is there before the daemon answers.
        while try run(probe).code != 0 {
            guard Clock.monotonicMilliseconds < deadline else {
                throw SystemError(
                    "wait for \(arguments[0]): \(try Files.readText("\(directory)/daemon.log").suffix(2000))",
                    code: ETIMEDOUT)
            }
        }
    }

    /// Ends daemons and the namespaces.
    func end() {
        for process in processes.reversed() { PeerSession.end(process, SIGTERM) }
        if holder > 0 { PeerSession.end(holder, SIGKILL) }
        processes = []
        holder = 0
        removeGroups()
    }

    /// All of them leave the parent that they were told, podman also its monitor's group, whatever the runtime.
    private func removeGroups() {
        // Where there is no such tree nothing has been left.
        for tree in (try? Files.entries(of: "/sys/fs/cgroup")) ?? [] {
            PeerSession.removeGroup("/sys/fs/cgroup/\(tree)/\(resources.prefix)/conmon")
            PeerSession.removeGroup("/sys/fs/cgroup/\(tree)/\(resources.prefix)")
        }
    }

    /// The kernel keeps a group for a moment after its last process has ended, and tells nobody when that is over.
    private static func removeGroup(_ path: String) {
        let deadline = Clock.monotonicMilliseconds + 5000
        while rmdir(path) != 0, errno == EBUSY, Clock.monotonicMilliseconds < deadline { usleep(5000) }
    }

    private static func end(_ process: Int32, _ signal: Int32) {
        // What can't be ended is found as left behind.
        guard let descriptor = try? ProcessDescriptor(process: process) else { return }
        try? descriptor.signalIfRunning(signal)
        if (try? descriptor.waitForEnd(atMost: 30_000)) != nil { return }
        try? descriptor.signalIfRunning(SIGKILL)
        _ = try? descriptor.waitForEnd()
    }
}

/// Runs a test with a peer, and fails it if anything of it is left.
func withPeer(_ peer: Peer, _ body: (PeerSession) throws -> Void) throws {
    try withTestResources { resources in
        let session = try PeerSession(peer, resources)
        defer { session.end() }
        try body(session)
    }
}
