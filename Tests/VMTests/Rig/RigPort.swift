import Glibc
import Linux

/// Our end of the agent's port: `scripts/rig/agent` says what travels on it. Every wait has its deadline.
struct RigPort: ~Copyable {
    /// What a command of the guest brought.
    struct Answer {
        let code: Int32
        let output: [UInt8]
        let error: [UInt8]
    }

    /// Why there was no answer.
    enum Failure: Error {
        case deadline
        case ended
        case malformed(String)
    }

    private let socket: Descriptor
    private var received: [UInt8] = []

    init(_ socket: consuming Descriptor) throws {
        try socket.setNonblocking(true)
        self.socket = socket
    }

    /// Waits until the agent is there.
    mutating func awaitReadiness(until deadline: Int64) throws {
        let line = try self.line(until: deadline)
        guard line == "ready" else { throw Failure.malformed(line) }
    }

    /// Has the agent run a command, and kill it after some seconds.
    mutating func run(
        _ command: String, input: [UInt8], echo: Bool, seconds: Int, until deadline: Int64
    ) throws -> Answer {
        let text = Array(command.utf8)
        let head = "\(text.count) \(input.count) \(echo ? 1 : 0) \(seconds)\n"
        try send(Array(head.utf8) + text + input, until: deadline)
        let line = try self.line(until: deadline)
        let numbers = line.split(separator: " ").compactMap { Int($0) }
        guard numbers.count == 3 else { throw Failure.malformed(line) }
        let output = try take(numbers[1], until: deadline)
        return Answer(code: Int32(clamping: numbers[0]), output: output, error: try take(numbers[2], until: deadline))
    }

    private func send(_ bytes: [UInt8], until deadline: Int64) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(1 << 16))
            // A machine that has ended is an error here, and no SIGPIPE for all tests.
            let count = Glibc.send(socket.rawValue, chunk, chunk.count, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else {
                switch errno {
                case EAGAIN: try wait(for: POLLOUT, until: deadline)
                case EINTR: continue
                case EPIPE, ECONNRESET: throw Failure.ended
                default: throw SystemError.last("send to the rig")
                }
            }
        }
    }

    private mutating func line(until deadline: Int64) throws -> String {
        while true {
            if let end = received.firstIndex(of: 10) {
                let line = String(decoding: received[..<end], as: UTF8.self)
                received.removeSubrange(...end)
                return line
            }
            try receive(until: deadline)
        }
    }

    private mutating func take(_ count: Int, until deadline: Int64) throws -> [UInt8] {
        while received.count < count { try receive(until: deadline) }
        let taken = Array(received.prefix(count))
        received.removeFirst(count)
        return taken
    }

    private mutating func receive(until deadline: Int64) throws {
        switch try socket.read(upTo: 1 << 16) {
        case .bytes(let bytes): received += bytes
        case .end: throw Failure.ended
        case .wouldBlock: try wait(for: POLLIN, until: deadline)
        }
    }

    private func wait(for event: Int32, until deadline: Int64) throws {
        guard try socket.waits(for: event, until: deadline) else { throw Failure.deadline }
    }
}

extension Descriptor {
    /// Waits for an event (POLLIN …); false where the deadline, of the monotonic clock in milliseconds, passed first.
    func waits(for event: Int32, until deadline: Int64) throws -> Bool {
        try Rig.waits(for: event, on: rawValue, until: deadline)
    }
}
