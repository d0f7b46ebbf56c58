internal import DockerModels
internal import NIOCore
internal import NIOHTTP1
internal import OCI

/// An answer that is read while it is made.
final class ResponseStream {
    private let connection: Connection
    private var buffer: [UInt8] = []
    private(set) var isAtEnd = false
    /// Whether the body is in frames of stdout and stderr.
    let isMultiplexed: Bool

    init(connection: Connection, isMultiplexed: Bool) {
        self.connection = connection
        self.isMultiplexed = isMultiplexed
    }

    /// The socket, to wait for it together with others.
    var descriptor: Int32 { connection.descriptor }

    /// Waits for the next bytes; nil at the end.
    func next() throws(CommandError) -> [UInt8]? {
        while !isAtEnd {
            if let bytes = try ready() { return bytes }
            if !isAtEnd { try connection.receive() }
        }
        return nil
    }

    /// What has been received already.
    private func ready() throws(CommandError) -> [UInt8]? {
        switch try connection.receivedPart() {
        case .body(let body)?: return Array(body.readableBytesView)
        case .end?: isAtEnd = true
        case .head?, nil: break
        }
        return nil
    }

    /// Reads once, without waiting if the socket has something, and keeps what came for `line`.
    func poll() throws(CommandError) {
        try drain()
        if !isAtEnd { try connection.receive() }
        try drain()
    }

    /// Keeps what has been received already.
    func drain() throws(CommandError) {
        while let bytes = try ready() { buffer.append(contentsOf: bytes) }
    }

    /// Waits for the next line, without its end; nil at the end.
    func line() throws(CommandError) -> [UInt8]? {
        while true {
            if let line = takeLine() { return line }
            guard let bytes = try next() else {
                defer { buffer = [] }
                return buffer.isEmpty ? nil : buffer
            }
            buffer.append(contentsOf: bytes)
        }
    }

    /// Reads once and returns the complete lines: for who waits for several streams.
    func availableLines() throws(CommandError) -> [[UInt8]] {
        try poll()
        var lines: [[UInt8]] = []
        while let line = takeLine() { lines.append(line) }
        return lines
    }

    private func takeLine() -> [UInt8]? {
        guard let end = buffer.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        var line = Array(buffer[..<end])
        buffer.removeSubrange(...end)
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }

    /// Waits for the next line that is a JSON document.
    func document() throws(CommandError) -> JSON? {
        while let line = try line() {
            if line.isEmpty { continue }
            do { return try JSON(parsing: line) } catch {
                throw .connection(doing: "read the daemon's answer", reason: error.description)
            }
        }
        return nil
    }

    /// Waits for the next line of progress.
    ///
    /// - Throws: what the daemon reports as failed.
    func progress() throws(CommandError) -> ProgressMessage? {
        guard let document = try document() else { return nil }
        let message: ProgressMessage
        do { message = try DockerJSON.decode(from: document) } catch {
            throw .connection(doing: "read the daemon's answer", reason: error.description)
        }
        if let failure = message.errorDetail?.message ?? message.error {
            throw .refused(status: 500, message: failure)
        }
        return message
    }
}
