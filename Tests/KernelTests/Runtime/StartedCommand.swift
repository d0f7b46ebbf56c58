import Glibc
import Linux
import TestKit
import Testing

/// A command of bulkhead-runtime that goes on while the test does something to it.
struct StartedCommand: ~Copyable {
    let process: ProcessDescriptor
    /// What it writes to standard output and standard error.
    private let output: Descriptor
    private var received = ""

    /// Starts it. `terminal` is what it gets as its standard input, /dev/null where that is nil.
    static func start(_ bundle: RuntimeBundle, _ words: [String], terminal: Int32? = nil) throws -> StartedCommand {
        let pipe = try PipePair()
        let null = try Descriptor.open("/dev/null")
        let pid = try Spawn.process(
            path: bundle.runtime, arguments: ["--root", "\(bundle.resources.directory)/state"] + words,
            environment: ["PATH=/usr/bin:/bin"],
            descriptors: [
                (0, terminal ?? null.rawValue), (1, pipe.writing.rawValue), (2, pipe.writing.rawValue),
            ])
        extendLifetime(null)
        let output = try Descriptor.duplicating(pipe.reading.rawValue)
        try output.setNonblocking(true)
        return StartedCommand(process: try ProcessDescriptor(process: pid), output: output)
    }

    private init(process: consuming ProcessDescriptor, output: consuming Descriptor) {
        self.process = process
        self.output = output
    }

    /// Waits until it has written a line; tells all that it has written.
    @discardableResult
    mutating func waitForLine(_ line: String, at location: SourceLocation = #_sourceLocation) throws -> String {
        while !received.split(whereSeparator: \.isNewline).contains(where: { $0 == line }) {
            let more = try readMore()
            try #require(more, "\(line) has not come, but: \(received)", sourceLocation: location)
        }
        return received
    }

    /// Its exit code, or 128 and the signal, with all that it has written.
    mutating func end() throws -> (code: Int32, output: String) {
        while try readMore() {}
        switch try process.waitForEnd(atMost: 20_000) {
        case .exited(let code): return (code, received)
        case .signaled(let signal): return (128 + signal, received)
        case nil:
            try process.signal(SIGKILL)
            _ = try process.waitForEnd()
            throw SystemError("wait for the end of the command, which has said: \(received)", code: ETIMEDOUT)
        }
    }

    /// False at the end, and where nothing has come within 20 seconds.
    private mutating func readMore() throws -> Bool {
        guard isReadable(output.rawValue) else { return false }
        guard case .bytes(let bytes) = try output.read(upTo: 4096) else { return false }
        received += String(decoding: bytes, as: UTF8.self)
        return true
    }
}

/// Whether a descriptor becomes readable within so many milliseconds.
func isReadable(_ descriptor: Int32, within milliseconds: Int32 = 20_000) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, milliseconds) == 1
}
