import Glibc
import Linux
import TestKit
import Testing

@Suite("Spawn", .blocking)
struct SpawnTests {
    @Test func exitCodeAndSignal() throws {
        let exits = try Spawn.process(path: "/bin/sh", arguments: ["-c", "exit 7"])
        #expect(try ProcessDescriptor(process: exits).waitForEnd() == .exited(code: 7))
        let dies = try Spawn.process(path: "/bin/sh", arguments: ["-c", "kill -9 $$"])
        #expect(try ProcessDescriptor(process: dies).waitForEnd() == .signaled(9))
    }

    @Test func missingProgramIsAnError() {
        #expect(throws: SystemError.self) { try Spawn.process(path: "/nonexistent", arguments: []) }
    }

    @Test func descriptorsGetTheirNumbersAndNothingElseIsPassedOn() throws {
        let pipe = try PipePair()
        // One that would leak: without close-on-exec.
        let leak = try Descriptor.duplicating(0, atLeast: 50)
        try leak.setCloseOnExec(false)
        let pid = try Spawn.process(
            path: "/bin/sh",
            arguments: ["-c", "echo to-five >&5; [ -e /proc/$$/fd/\(leak.rawValue) ] && echo leaked >&5"],
            descriptors: [(child: 5, parent: pipe.writing.rawValue)])
        _ = try ProcessDescriptor(process: pid).waitForEnd()
        try pipe.reading.setNonblocking(true)
        #expect(try pipe.reading.read(upTo: 100) == .bytes(Array("to-five\n".utf8)))
    }
}
