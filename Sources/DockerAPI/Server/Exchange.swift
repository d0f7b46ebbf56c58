import NIOCore
import NIOHTTP1
import Synchronization

/// One request and the way to answer it.
final class Exchange: Sendable {
    let head: HTTPRequestHead
    let body: RequestBody
    let channel: any Channel
    private let connection: NIOLoopBound<HTTPConnection>
    private let progress = Mutex(Progress())

    private struct Progress {
        var begun = false
        var clientHasLeft = false
        var task: Task<Void, Never>?
        var endsWithClient = false
    }

    init(head: HTTPRequestHead, channel: any Channel, connection: NIOLoopBound<HTTPConnection>) {
        self.head = head
        self.channel = channel
        self.connection = connection
        body = RequestBody(channel: channel)
    }

    /// Whether the answer's head has been written.
    var hasBegun: Bool { progress.withLock { $0.begun } }

    /// Whether the client wants the connection upgraded to a raw one.
    var wantsUpgrade: Bool { head.headers.contains(name: "Upgrade") }

    /// Answers in one piece, with one write.
    func reply(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ bytes: [UInt8]) {
        progress.withLock { $0.begun = true }
        var headers = headers
        if status != .notModified && status != .noContent {
            headers.replaceOrAdd(name: "Content-Length", value: String(bytes.count))
        }
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        let sendsBody = self.head.method != .HEAD && !bytes.isEmpty
        channel.eventLoop.execute { [channel, connection, body] in
            // Whoever doesn't read a body to its end can't know where the next request begins.
            let keepsAlive = self.head.isKeepAlive && connection.value.hasWholeRequest(self)
            var head = head
            if !keepsAlive { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            body.end()
            channel.write(HTTPServerResponsePart.head(head), promise: nil)
            if sendsBody {
                channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes))), promise: nil)
            }
            channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
                connection.value.finished(self, keepsAlive: keepsAlive)
            }
        }
    }

    /// Begins an answer whose body follows piece by piece; the head goes out at once.
    func begin(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) {
        progress.withLock { $0.begun = true }
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        channel.writeAndFlush(HTTPServerResponsePart.head(head), promise: nil)
    }

    /// Writes a piece of the body, and waits until the client takes it.
    func write(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes)))).get()
    }

    /// Ends the body.
    func finish() {
        channel.eventLoop.execute { [channel, connection, body] in
            let keepsAlive = self.head.isKeepAlive && connection.value.hasWholeRequest(self)
            body.end()
            channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
                connection.value.finished(self, keepsAlive: keepsAlive)
            }
        }
    }

    /// Breaks the connection off: the client sees that the body is not complete.
    func abort() { channel.close(promise: nil) }

    /// Writes and flushes the head of an upgraded (or raw) connection, and turns the connection into a stream of bytes.
    func hijack(contentType: String) async throws -> HijackedConnection {
        progress.withLock { $0.begun = true }
        let header =
            wantsUpgrade
            ? "HTTP/1.1 101 UPGRADED\r\nContent-Type: \(contentType)\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
            : "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
        return try await channel.eventLoop.submit { [connection] in
            try connection.value.hijack(header: header)
        }.get()
    }

    // MARK: The client's leaving

    /// The task that answers; ended with the client where the route says so.
    func started(_ task: Task<Void, Never>) {
        let cancel = progress.withLock { progress in
            progress.task = task
            return progress.clientHasLeft && progress.endsWithClient
        }
        if cancel { task.cancel() }
    }

    /// From here on, the answer is of use only as long as the client is there. What changes anything is never cancelled.
    func endWithClient() {
        let task = progress.withLock { progress in
            progress.endsWithClient = true
            return progress.clientHasLeft ? progress.task : nil
        }
        task?.cancel()
    }

    /// The client has gone.
    func clientLeft() {
        body.end(ChannelError.inputClosed)
        let task = progress.withLock { progress in
            progress.clientHasLeft = true
            return progress.endsWithClient ? progress.task : nil
        }
        task?.cancel()
    }
}
