import Foundation

/// How a program ended and what it printed.
struct Outcome: Sendable {
    let code: Int32
    let output: String
    let error: String

    /// All of it, for a failure's message.
    var story: String { "code \(code)\n--- stdout\n\(output)\n--- stderr\n\(error)" }
}

/// Programs of the host, run to their end; output goes through files, so that no amount of it can block.
enum Program {
    /// The folder of the executables under test: from the environment (make test), else beside the test bundle.
    static let folder: String = {
        if let given = ProcessInfo.processInfo.environment["BULKHEAD_BIN"] { return given }
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(filePath: bundle).deletingLastPathComponent().path
    }()

    /// How many times as long as usual everything may take: more where this runs on an emulated processor.
    static let patience = ProcessInfo.processInfo.environment["BULKHEAD_TEST_PATIENCE"].flatMap(Double.init) ?? 1

    /// The project's own folder.
    static let project: String = {
        var url = URL(filePath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// The docker command: the host's, or the one that scripts/fetch-tools unpacked.
    static let docker: String = {
        let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/docker" }
        let found = (places + [project + "/.build/tools/usr/bin/docker"])
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        return found ?? "docker"
    }()

    /// Starts a program without waiting for it.
    static func start(
        _ path: String, _ arguments: [String], environment: [String: String] = [:],
        input: FileHandle = .nullDevice, output: FileHandle, error: FileHandle
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = error
        try process.run()
        return process
    }

    /// Runs a program to its end; after `deadline` seconds, times `patience`, it is killed and its code is that of the signal.
    static func run(
        _ path: String, _ arguments: [String], input: String? = nil, environment: [String: String] = [:],
        deadline: Double = 60
    ) async throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bulkhead-run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a temporary folder: the system's business
        func file(_ name: String, _ text: String = "") throws -> FileHandle {
            let url = folder.appending(path: name)
            try Data(text.utf8).write(to: url)
            return try FileHandle(forUpdating: url)
        }
        // Closed by hand: Foundation keeps a process's handles for ever, and its Process.run reads beyond the end of the
        // list of descriptors once there are over 1,350 (a crash, seen with Swift 6.3).
        let streams = [try file("output"), try file("error")] + (try input.map { [try file("input", $0)] } ?? [])
        defer { for stream in streams { try? stream.close() } }  // closed already: nothing to do
        let (output, error) = (streams[0], streams[1])
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = streams.count > 2 ? streams[2] : .nullDevice
        process.standardOutput = output
        process.standardError = error
        let timer = Task {
            try await Task.sleep(for: .seconds(deadline * patience))
            kill(process.processIdentifier, SIGKILL)
        }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        timer.cancel()
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
        }
        return Outcome(
            code: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
            output: try text("output"), error: try text("error"))
    }
}
