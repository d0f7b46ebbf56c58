import Foundation
import TestKit
import Testing

/// Gives a suite one daemon with the test image loaded and, for level `machine`, one named machine; ends it afterwards and
/// fails if anything is left.
struct DaemonTrait: SuiteTrait, TestScoping {
    /// The daemon of the suite that is running.
    @TaskLocal static var current: TestDaemon?

    var isRecursive: Bool { false }
    let withMachine: Bool

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let daemon = try TestDaemon(kernel: try await DaemonTrait.kernel.value)
        do {
            try await daemon.start()
            try await daemon.succeed("load", "-i", try await DaemonTrait.image.value)
            if withMachine, !daemon.isReference, Level.tested.contains(.machine) {
                for arguments in [
                    ["create", "--cpus", "1", "--memory", "512m", Level.machineName], ["start", Level.machineName],
                ] {
                    let outcome = try await daemon.bulkhead(["machine"] + arguments)
                    try #require(
                        outcome.code == 0, "machine \(arguments): \(outcome.story)\n\(daemon.log.suffix(3000))")
                }
            }
            try await DaemonTrait.$current.withValue(daemon) { try await function() }
        } catch {
            try await daemon.stop()
            throw error
        }
        try await daemon.stop()
    }

    /// The test image, made once for all suites, unless there is one.
    private static let image = Task {
        if let given = ProcessInfo.processInfo.environment["BULKHEAD_TEST_IMAGE"] { return given }
        let path = Program.folder + "/test-image.tar"
        let made = try await Program.run(Program.project + "/scripts/make-test-image", [path])
        try #require(made.code == 0, "make-test-image: \(made.story)")
        return path
    }

    /// The guest's kernel, unpacked once for all suites, unless there is one.
    private static let kernel = Task {
        if let given = ProcessInfo.processInfo.environment["BULKHEAD_TEST_KERNEL"] { return given }
        let path = Program.folder + "/test-kernel"
        let made = try await Program.run(Program.project + "/scripts/fetch-kernel", [path], deadline: 300)
        try #require(made.code == 0, "fetch-kernel: \(made.story)")
        return path
    }
}

extension Trait where Self == DaemonTrait {
    /// A daemon with a named machine.
    static var daemonWithMachine: DaemonTrait { DaemonTrait(withMachine: true) }
    /// A daemon.
    static var daemon: DaemonTrait { DaemonTrait(withMachine: false) }
}

/// The suites that use daemons run one after the other: they look for what is left on the host.
@Suite(.serialized, .blocking)
enum EndToEnd {
    /// The daemon of the suite.
    static func daemon() throws -> TestDaemon { try #require(DaemonTrait.current) }
}
