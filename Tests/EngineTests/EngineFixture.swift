import Foundation
import Glibc
import Linux
import Logging
import TestKit
import Wire

@testable import Engine

/// A private engine with its own folders and cgroup, and an image that is a directory with busybox.
final class EngineFixture {
    private(set) var engine: Engine
    private let folder: String
    private let configuration: EngineConfiguration

    /// The folder of the executables that were built with the tests.
    static var helpers: String {
        if let folder = ProcessInfo.processInfo.environment["BULKHEAD_BIN"] { return folder }
        var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        while folder.path != "/",
            !FileManager.default.fileExists(atPath: folder.appending(path: "bulkhead-monitor").path)
        {
            folder.deleteLastPathComponent()
        }
        return folder.path
    }

    /// Whether there is what it takes.
    static var canRun: Bool { access("/bin/busybox", X_OK) == 0 && access(helpers + "/bulkhead-monitor", X_OK) == 0 }

    private init() async throws {
        let name = "eng-\(Identifier.random().prefix(8))"
        folder = "/tmp/\(name)"
        let rootfs = folder + "/rootfs"
        for path in ["bin", "etc/data", "kept", "tmp"] {
            try FileManager.default.createDirectory(atPath: "\(rootfs)/\(path)", withIntermediateDirectories: true)
        }
        try TestKit.Command.copy("/bin/busybox", to: rootfs + "/bin/busybox")
        for tool in ["sh", "echo", "cat", "sleep", "true", "ls", "id"] {
            symlink("busybox", "\(rootfs)/bin/\(tool)")
        }
        try Data("from the image\n".utf8).write(to: URL(filePath: rootfs + "/etc/data/x"))
        var configuration = EngineConfiguration(
            root: folder + "/root", executionRoot: folder + "/run", logger: Logger(label: name))
        configuration.cgroupParent = "/" + name
        configuration.helpers = EngineFixture.helpers
        self.configuration = configuration
        engine = try await EngineFixture.open(configuration, rootfs)
    }

    private static func open(_ configuration: EngineConfiguration, _ rootfs: String) async throws -> Engine {
        let engine = try Engine(configuration: configuration, images: DirectoryImage(path: rootfs))
        try await engine.adopt()
        return engine
    }

    /// Runs a test and leaves nothing behind.
    static func with(_ body: (EngineFixture) async throws -> Void) async throws {
        let fixture = try await EngineFixture()
        do {
            try await body(fixture)
        } catch {
            await fixture.close()
            throw error
        }
        await fixture.close()
    }

    private func close() async {
        for record in await engine.list(all: true) { try? await engine.remove(record.id, force: true) }
        await engine.shutdown()
        for tree in (try? Files.entries(of: "/sys/fs/cgroup")) ?? [] {
            rmdir("/sys/fs/cgroup/\(tree)\(configuration.cgroupParent)")
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// As if the daemon had been killed and started again.
    func reopen(after pause: Duration) async throws {
        engine = try await Engine.abandoned(engine, pause) { try await EngineFixture.open($0, self.folder + "/rootfs") }
    }

    func create(_ command: [String], _ change: (inout ContainerSpecification) -> Void = { _ in }) async throws -> String
    {
        var specification = ContainerSpecification(image: "dir")
        specification.command = command
        specification.network.mode = .none
        change(&specification)
        return try await engine.create(specification).id
    }

    func log(_ id: String) async throws -> [String] {
        var lines: [String] = []
        for try await entry in try await engine.logs(id, LogOptions()) {
            lines.append(String(decoding: entry.bytes, as: UTF8.self).trimmed)
        }
        return lines
    }

    /// The first line of its log, as soon as it is there.
    func firstLine(_ id: String) async throws -> String? {
        var options = LogOptions()
        options.follow = true
        for try await entry in try await engine.logs(id, options) {
            return String(decoding: entry.bytes, as: UTF8.self).trimmed
        }
        return nil
    }

    /// All output of a stream until its end.
    func readAll(_ stream: MonitorStream) throws -> String {
        guard let number = stream.takeDescriptor() else { return "" }
        let descriptor = Descriptor(adopting: number)
        var decoder = FrameDecoder()
        var text: [UInt8] = []
        while case .bytes(let bytes) = try descriptor.read(upTo: 4096) {
            decoder.feed(bytes)
            while let frame = try decoder.next() {
                if case .data(let stream, let bytes) = frame, stream == .output { text += bytes }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Engine {
    /// Lets go of all connections and of the lock as a killed daemon does, and opens another engine on the same root.
    static func abandoned(
        _ engine: Engine, _ pause: Duration, _ open: (EngineConfiguration) async throws -> Engine
    ) async throws -> Engine {
        let configuration = engine.configuration
        await engine.abandonForTest()
        try await Task.sleep(for: pause)
        return try await open(configuration)
    }

    /// The process of a container's monitor.
    func monitorProcess(of id: String) -> Int32 { containers[id]?.monitor?.process ?? 0 }

    fileprivate func abandonForTest() {
        isShuttingDown = true
        for container in containers.values { container.monitor = nil }
        containers = [:]
        lock = nil
    }
}

/// One image that is a directory.
struct DirectoryImage: ImageSource {
    let path: String

    func defaults(named name: String) async throws(EngineError) -> ImageDefaults {
        var defaults = ImageDefaults()
        defaults.id = "sha256:dir"
        return defaults
    }

    func layers(of id: String) async throws(EngineError) -> [String] { [path] }
    func blockImage(of id: String) async throws(EngineError) -> String { throw EngineError(.unavailable, "none") }
}
