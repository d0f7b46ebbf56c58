internal import Glibc
internal import Linux
internal import NIOCore
internal import NIOEmbedded
internal import NIOHTTP1

/// One HTTP/1.1 connection to the daemon, used from one thread, blocking.
///
/// A command makes a handful of requests and then waits: threads and an event loop of their own would cost more than
/// the requests. So NIO's encoder and decoder run in a pipeline without a loop, and the socket is read and written here.
final class Connection {
    private let socket: Descriptor
    private let channel: EmbeddedChannel
    private let decoder: ByteToMessageHandler<HTTPResponseDecoder>
    private let authority: String
    private var ended = false

    /// Connects to the daemon.
    init(to endpoint: Endpoint) throws(CommandError) {
        socket = try endpoint.connect()
        decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
        channel = EmbeddedChannel(handlers: [HTTPRequestEncoder(), decoder])
        authority =
            switch endpoint {
            case .unix: "localhost"
            case .tcp(let host, let port): "\(host):\(port)"
            }
    }

    /// The socket, to wait for it together with others.
    var descriptor: Int32 { socket.rawValue }

    /// Whether the daemon has neither closed it while it was idle nor said anything unasked.
    var isUsable: Bool {
        var wait = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, 0) == 0
    }

    /// Sends a whole request.
    func send(_ request: Request) throws(CommandError) {
        var headers = HTTPHeaders([("Host", authority), ("User-Agent", "bulkhead/\(BulkheadVersion.text)")])
        for (name, value) in request.headers { headers.add(name: name, value: value) }
        switch request.body {
        case .none:
            if request.method != .get { headers.add(name: "Content-Length", value: "0") }
        case .json(let bytes):
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: String(bytes.count))
        case .stream(let type):
            headers.add(name: "Content-Type", value: type)
            headers.add(name: "Transfer-Encoding", value: "chunked")
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method.rawValue), uri: request.target,
            headers: headers)
        try write(.head(head))
        switch request.body {
        case .none: try write(.end(nil))
        case .json(let bytes):
            try write(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
            try write(.end(nil))
        case .stream: break
        }
    }

    /// Sends a piece of a streamed body.
    func send(piece: [UInt8]) throws(CommandError) { try write(.body(.byteBuffer(ByteBuffer(bytes: piece)))) }

    /// Ends a streamed body.
    func endBody() throws(CommandError) { try write(.end(nil)) }

    private func write(_ part: HTTPClientRequestPart) throws(CommandError) {
        do {
            try channel.writeOutbound(part)
            while let data = try channel.readOutbound(as: IOData.self) {
                guard case .byteBuffer(let buffer) = data else { continue }
                try socket.writeAll(Array(buffer.readableBytesView))
            }
        } catch {
            throw .connection(doing: "send a request", reason: describe(error))
        }
    }

    /// The next part that has been received already.
    func receivedPart() throws(CommandError) -> HTTPClientResponsePart? {
        do { return try channel.readInbound(as: HTTPClientResponsePart.self) } catch {
            throw .connection(doing: "read the daemon's answer", reason: describe(error))
        }
    }

    /// Waits for bytes and takes them in.
    ///
    /// - Throws: when the connection ends before the answer does.
    func receive() throws(CommandError) {
        guard !ended else {
            throw .connection(doing: "read the daemon's answer", reason: "the daemon has closed the connection")
        }
        do {
            switch try socket.read(upTo: 64 << 10) {
            case .bytes(let bytes): try channel.writeInbound(ByteBuffer(bytes: bytes))
            case .end:
                ended = true
                _ = try channel.finish(acceptAlreadyClosed: true)
            case .wouldBlock: break
            }
        } catch {
            throw .connection(doing: "read the daemon's answer", reason: describe(error))
        }
    }

    /// Waits for the next part.
    func nextPart() throws(CommandError) -> HTTPClientResponsePart {
        while true {
            if let part = try receivedPart() { return part }
            try receive()
        }
    }

    /// Waits for the head of the answer.
    func head() throws(CommandError) -> HTTPResponseHead {
        guard case .head(let head) = try nextPart() else {
            throw .connection(doing: "read the daemon's answer", reason: "a body without a head")
        }
        return head
    }

    /// Reads the rest of the answer.
    func body() throws(CommandError) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            switch try nextPart() {
            case .head: throw .connection(doing: "read the daemon's answer", reason: "a second head")
            case .body(let buffer): bytes.append(contentsOf: buffer.readableBytesView)
            case .end: return bytes
            }
        }
    }

    /// After `101`: the socket, and what has come behind the head already.
    func hijack() throws(CommandError) -> HijackedStream {
        do {
            while try channel.readInbound(as: HTTPClientResponsePart.self) != nil {}
            // Removed, the decoder hands on the bytes that came behind the head; done at once, as nothing else runs.
            _ = channel.pipeline.syncOperations.removeHandler(decoder)
            channel.embeddedEventLoop.run()
            var received: [UInt8] = []
            while let buffer = try channel.readInbound(as: ByteBuffer.self) {
                received.append(contentsOf: buffer.readableBytesView)
            }
            return HijackedStream(socket: try socket.duplicate(), received: received)
        } catch {
            throw .connection(doing: "take the connection over", reason: describe(error))
        }
    }

    private func describe(_ error: any Error) -> String {
        if let error = error as? SystemError { return error.reason }
        return "\(error)"
    }
}
