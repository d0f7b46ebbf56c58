import Foundation
import Linux
import OCI
import Testing
import Wire

/// A connection to a monitor or an agent, with a deadline for everything that is waited for.
final class Probe {
    struct TimedOut: Error { let what: String }

    private var socket: Descriptor
    private var decoder = FrameDecoder()
    private var nextNumber: UInt32 = 0
    private var waiting: [Frame] = []
    private(set) var hasEnded = false

    init(adopting socket: consuming Descriptor) { self.socket = socket }

    convenience init(connectingTo path: String) throws { self.init(adopting: try UnixSocket.connect(path)) }

    /// The next frame, or nil at the end.
    func next(within seconds: Double = 20) throws -> Frame? {
        if !waiting.isEmpty { return waiting.removeFirst() }
        return try read(within: seconds)
    }

    private func read(within seconds: Double) throws -> Frame? {
        while true {
            if let frame = try decoder.next() { return frame }
            if hasEnded { return nil }
            var poll = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, Int32(seconds * 1000)) > 0 else { throw TimedOut(what: "a frame") }
            switch try? socket.read(upTo: 64 << 10) {
            case .bytes(let bytes)?: decoder.feed(bytes)
            case .end?, nil: hasEnded = true
            case .wouldBlock?: break
            }
        }
    }

    /// Asks, without waiting for the answer.
    @discardableResult
    func send(_ request: Request) throws -> UInt32 {
        nextNumber += 1
        try socket.writeAll(Frame.message(.request(nextNumber, request)).encoded)
        return nextNumber
    }

    /// Asks and waits for the answer; what else comes is kept.
    @discardableResult
    func ask(_ request: Request) throws -> Response {
        let number = try send(request)
        while let frame = try read(within: 20) {
            if case .message(.response(number, let response)) = frame { return response }
            waiting.append(frame)
        }
        throw TimedOut(what: "the answer to \(request)")
    }

    /// Asks for what must succeed.
    func demand(_ request: Request) throws {
        if case .failed(let failure) = try ask(request) { throw failure }
    }

    /// Goes away, as a daemon that is killed.
    func hangUp() {
        // A socket that is of no use takes the place of the one that is closed.
        if let pair = try? UnixSocket.pair() { socket = pair.first }
        hasEnded = true
    }

    /// Sends input.
    func write(_ text: String) throws {
        for frame in Frame.splitting(.input, Array(text.utf8)) { try socket.writeAll(frame.encoded) }
    }

    /// Ends the input.
    func endInput() throws { try socket.writeAll(Frame.data(.input, []).encoded) }

    /// Everything until the end of the connection.
    func drain(within seconds: Double = 20) throws -> Drained {
        var all = Drained()
        while let frame = try next(within: seconds) {
            switch frame {
            case .data(.output, let bytes): if bytes.isEmpty { all.ends.insert(.output) } else { all.output += bytes }
            case .data(.error, let bytes): if bytes.isEmpty { all.ends.insert(.error) } else { all.error += bytes }
            case .message(.event(.exited(_, let record))): all.exit = record.status
            default: break
            }
        }
        return all
    }

    /// How the container ended.
    func exit(within seconds: Double = 20) throws -> ExitRecord {
        while let frame = try next(within: seconds) {
            if case .message(.event(.exited(nil, let record))) = frame { return record }
        }
        throw TimedOut(what: "the container's end")
    }

    struct Drained {
        var output: [UInt8] = []
        var error: [UInt8] = []
        var ends: Set<Frame.Stream> = []
        var exit: Wire.ExitStatus?
        var text: String { String(decoding: output, as: UTF8.self) }
        var errorText: String { String(decoding: error, as: UTF8.self) }
    }
}
