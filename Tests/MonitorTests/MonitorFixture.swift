import Foundation
import Linux
import OCI
import TestKit
import Testing
import Wire

/// Where the container's process is made.
enum Place: CaseIterable { case here, byAnAgent }

/// A folder with a root filesystem made of busybox, a running bulkhead-monitor, and where wanted an agent that serves
/// it on a unix socket instead of a machine.
final class MonitorFixture {
    static let bin: String = {
        if let given = ProcessInfo.processInfo.environment["BULKHEAD_BIN"] { return given }
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        return String(bundle.prefix(upTo: bundle.range(of: "/", options: .backwards)?.lowerBound ?? bundle.endIndex))
    }()

    let folder: String
    let id: String
    let place: Place
    let control: Probe
    private(set) var monitor: Int32 = 0
    private var agent: Int32?

    var socketPath: String { folder + "/monitor.sock" }
    var logPath: String { folder + "/log" }
    var exitPath: String { folder + "/exit.json" }

    init(_ place: Place = .here) throws {
        id = "mon" + UUID().uuidString.replacing("-", with: "").lowercased()
        folder = "/tmp/\(id)"
        self.place = place
        try Files.makeDirectories(folder + "/rootfs/bin")
        for name in ["proc", "sys", "dev", "tmp", "etc"] { try Files.makeDirectories(folder + "/rootfs/" + name) }
        try Command.copy("/bin/busybox", to: folder + "/rootfs/bin/busybox")
        for name in ["sh", "cat", "echo", "sleep", "seq", "head", "stty", "wc", "dd", "ps", "printf", "id"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/rootfs/bin/" + name, withDestinationPath: "busybox")
        }
        if place == .byAnAgent {
            agent = try Spawn.process(
                path: MonitorFixture.bin + "/bulkhead-guest", arguments: ["--serve", folder + "/guest.sock"])
            // The socket's file is there a moment before anybody listens.
            try MonitorFixture.wait("the agent") { [folder] in
                (try? UnixSocket.connect(folder + "/guest.sock")) != nil
            }
        }
        let log = try Descriptor.open(folder + "/monitor.log", [.writeOnly, .create, .append])
        let pair = try UnixSocket.pair()
        monitor = try Spawn.process(
            path: MonitorFixture.bin + "/bulkhead-monitor",
            arguments: ["--socket", folder + "/monitor.sock", "--name", id],
            descriptors: [(2, log.rawValue), (3, pair.second.rawValue)], newSession: true)
        control = Probe(adopting: pair.first)
    }

    deinit {
        // What a failed test leaves running is ended here; what has ended already is no error.
        kill(monitor, SIGTERM)
        waitpid(monitor, nil, 0)
        if let agent {
            kill(agent, SIGTERM)
            waitpid(agent, nil, 0)
        }
        // A killed agent leaves its container to the end of the machine, which is only this group here.
        if let layout = try? CgroupLayout.detect() {
            let group = Cgroup(existing: "/\(id)", layout: layout)
            try? group.kill()
            try? group.remove()
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    static func wait(_ what: String, within seconds: Double = 20, _ condition: () -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while !condition() {
            guard Date() < deadline else { throw Probe.TimedOut(what: what) }
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

    /// The setup of a container that runs a program.
    func setup(_ arguments: [String], terminal: Bool = false, change: (inout RuntimeSpecification) -> Void = { _ in })
        -> ContainerSetup
    {
        var specification = RuntimeSpecification()
        var process = RuntimeProcess()
        process.arguments = arguments
        process.environment = ["PATH=/bin", "HOME=/"]
        process.terminal = terminal
        specification.process = process
        specification.hostname = "box"
        specification.root = RuntimeRoot(path: folder + "/rootfs")
        specification.mounts = [
            RuntimeMount(destination: "/proc", type: "proc", source: "proc"),
            RuntimeMount(destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"]),
            RuntimeMount(
                destination: "/dev/pts", type: "devpts", source: "devpts",
                options: ["newinstance", "ptmxmode=0666", "mode=0620"]),
        ]
        specification.linux.namespaces = [.mount, .pid, .uts, .ipc, .network].map { RuntimeNamespace($0) }
        specification.linux.cgroupsPath = "/\(id)"
        change(&specification)
        var setup = ContainerSetup(
            id: id, specification: specification.json.description, root: .directory(folder + "/rootfs"))
        setup.log = LogSetup(path: logPath)
        setup.exitRecordPath = exitPath
        if place == .byAnAgent { setup.executor = .remote(socket: folder + "/guest.sock") }
        return setup
    }

    func exec(_ arguments: [String], input: Bool = false, terminal: Bool = false, id: String = "exec") -> Request {
        var process = RuntimeProcess()
        process.arguments = arguments
        process.environment = ["PATH=/bin"]
        process.terminal = terminal
        return .exec(
            ExecSetup(
                id: id, process: process.json.description,
                streams: AttachSetup(input: input, output: true, error: true)))
    }

    func connect() throws -> Probe { try Probe(connectingTo: socketPath) }

    func attach(input: Bool = false) throws -> Probe {
        let probe = try connect()
        try probe.demand(.attach(AttachSetup(input: input, output: true, error: true)))
        return probe
    }

    /// Ends the agent as a machine ends whose hypervisor is killed.
    func killAgent() { if let agent { kill(agent, SIGKILL) } }

    /// Makes and starts a container.
    func run(_ setup: ContainerSetup) throws {
        try control.demand(.create(setup))
        try control.demand(.start(interfaces: []))
    }

    /// The texts in the log, joined, of one stream.
    func logged(_ stream: String = "stdout") throws -> String {
        try String(contentsOfFile: logPath, encoding: .utf8).split(separator: "\n").map { line in
            let entry = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
            return entry["stream"] == stream ? entry["log"] ?? "" : ""
        }.joined()
    }

    /// Waits until the monitor has ended by itself.
    func waitForMonitor() throws {
        let process = monitor
        try MonitorFixture.wait("the monitor's end") { kill(process, 0) != 0 || waitpid(process, nil, WNOHANG) != 0 }
        #expect(!Files.exists(socketPath))
        monitor = 0x3FFF_FFFF
    }
}
