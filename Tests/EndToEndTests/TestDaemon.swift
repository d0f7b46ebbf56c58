import Foundation
import Networks
import Testing

/// A `bulkheadd` of a test's own: roots, socket and log in a folder that goes away with it.
///
/// With `BULKHEAD_REFERENCE=unix:///…` in the environment the tests of level `process` run against that daemon (dockerd)
/// instead: a test that the reference fails is a wrong test.
final class TestDaemon: @unchecked Sendable {
    let folder: String
    private(set) var process: Process?
    private let reference = ProcessInfo.processInfo.environment["BULKHEAD_REFERENCE"]
    private let before: Set<String>

    var host: String { reference ?? "unix://\(folder)/d.sock" }
    var isReference: Bool { reference != nil }
    var root: String { folder + "/root" }
    var execRoot: String { folder + "/run" }
    var log: String { (try? String(contentsOfFile: folder + "/daemon.log", encoding: .utf8)) ?? "no log" }

    /// Makes the folders and, so that it isn't unpacked for each daemon, links the guest's kernel in.
    init(kernel: String?) throws {
        folder = "/tmp/bhe2e-" + String(UInt32.random(in: 0 ..< .max), radix: 36)
        before = try TestDaemon.looseLinks()
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: folder + "/daemon.log"))
        if let kernel {
            try FileManager.default.createSymbolicLink(atPath: root + "/kernel", withDestinationPath: kernel)
        }
    }

    /// Starts the daemon (again) and returns once it answers.
    func start() async throws {
        guard !isReference else { return }
        let log = try #require(FileHandle(forWritingAtPath: folder + "/daemon.log"))
        try log.seekToEnd()
        process = try Program.start(
            Program.folder + "/bulkheadd",
            [
                "--root", root, "--exec-root", execRoot, "--pidfile", folder + "/pid", "-H", host, "-D",
                "--hypervisor", "auto",
            ],
            output: log, error: log)
        let deadline = ContinuousClock.now + .seconds(30 * Program.patience)
        while try await docker(["version"]).code != 0 {
            try #require(
                process?.isRunning == true && ContinuousClock.now < deadline, "the daemon did not start:\n\(self.log)")
            try await Task.sleep(for: .milliseconds(50))  // the socket's appearance is polled by a client, too
        }
    }

    /// Ends the daemon as an administrator would, and says what it left behind.
    func stop() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }  // what resists is reported below
        guard !isReference, let process else { return }
        process.terminate()
        let deadline = ContinuousClock.now + .seconds(60 * Program.patience)
        while process.isRunning, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            Issue.record("the daemon did not end after SIGTERM:\n\(log)")
        }
        let left = try leftovers()
        #expect(left.isEmpty, "left behind: \(left.joined(separator: ", "))\n\(log.suffix(4000))")
    }

    /// Kills the daemon without a word.
    func kill9() {
        guard let process else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Mounts, cgroups, links, tables and processes that are still there and name this daemon.
    func leftovers() throws -> [String] {
        var left: [String] = []
        let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        left += mounts.split(separator: "\n").filter { $0.contains(folder) }.map { "mount \($0)" }
        for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int(entry) != nil {
            // a process that has ended in between has nothing to read
            guard let command = try? String(contentsOfFile: "/proc/\(entry)/cmdline", encoding: .utf8) else { continue }
            if command.contains(folder) {
                left.append("process \(entry) " + command.replacingOccurrences(of: "\0", with: " "))
            }
        }
        return try left + TestDaemon.looseLinks().subtracting(before).sorted().map { "link \($0)" } + named()
    }

    /// What bears this daemon's name: its bridge, its control groups, its table of the packet filter.
    private func named() throws -> [String] {
        let files = FileManager.default
        let names = BridgeConfiguration(root: root)
        var found = files.fileExists(atPath: "/sys/class/net/" + names.name) ? ["link \(names.name)"] : []
        let groups = "/sys/fs/cgroup"
        // Each controller of version 1 has a tree of its own; version 2 has one for all.
        for tree in [""] + (try files.contentsOfDirectory(atPath: groups)).map({ "/\($0)" }) {
            let path = "\(groups)\(tree)/\(names.table)"
            if files.fileExists(atPath: path) { found.append("cgroup \(path)") }
        }
        let nft = Process()
        let output = Pipe()
        nft.executableURL = URL(filePath: "/usr/sbin/nft")
        nft.arguments = ["list", "tables"]
        nft.standardOutput = output
        try nft.run()
        let tables = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        nft.waitUntilExit()
        return found + tables.split(separator: "\n").filter { $0.hasSuffix(" " + names.table) }.map(String.init)
    }

    /// The veths and taps that belong to no bridge: those of a daemon that runs belong to its own.
    private static func looseLinks() throws -> Set<String> {
        let links = "/sys/class/net"
        return Set(
            try FileManager.default.contentsOfDirectory(atPath: links).filter {
                ($0.hasPrefix("veth") || $0.hasPrefix("tap"))
                    && !FileManager.default.fileExists(atPath: "\(links)/\($0)/master")
            })
    }

    /// Runs the docker command against this daemon.
    func docker(_ arguments: [String], input: String? = nil, deadline: Double = 60) async throws -> Outcome {
        try await Program.run(Program.docker, ["-H", host] + arguments, input: input, deadline: deadline)
    }

    /// Runs our own command against this daemon.
    func bulkhead(_ arguments: [String], input: String? = nil) async throws -> Outcome {
        try await Program.run(Program.folder + "/bulkhead", ["-H", host] + arguments, input: input)
    }

    /// `docker …` that must succeed; returns what it printed without the last line end.
    @discardableResult
    func succeed(
        _ arguments: String..., input: String? = nil, at location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        try await succeed(arguments, input: input, at: location)
    }

    /// `docker …` that must succeed; returns what it printed without the last line end.
    @discardableResult
    func succeed(
        _ arguments: [String], input: String? = nil, at location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let outcome = try await docker(arguments, input: input)
        try #require(
            outcome.code == 0, "docker \(arguments.joined(separator: " "))\n\(outcome.story)\n\(log.suffix(3000))",
            sourceLocation: location)
        return outcome.output.hasSuffix("\n") ? String(outcome.output.dropLast()) : outcome.output
    }
}
