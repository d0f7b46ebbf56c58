internal import DockerModels
internal import Linux
internal import NIOHTTP1
internal import OCI

/// The API as the commands use it: requests one after another over one connection, streams over their own.
final class DaemonClient {
    let endpoint: Endpoint
    /// Free for the next request.
    private var idle: Connection?

    init(endpoint: Endpoint) { self.endpoint = endpoint }

    /// Makes a request and returns the body of the answer.
    ///
    /// - Throws: ``CommandError/refused(status:message:)`` for an answer that is an error.
    @discardableResult
    func perform(_ request: Request) throws(CommandError) -> [UInt8] {
        let connection: Connection
        if let idle, idle.isUsable { connection = idle } else { connection = try Connection(to: endpoint) }
        idle = nil
        try connection.send(request)
        let head = try connection.head()
        let body = try connection.body()
        if head.isKeepAlive { idle = connection }
        try DaemonClient.check(head, body)
        return body
    }

    /// Makes a request and reads the answer as a JSON document.
    func document(_ request: Request) throws(CommandError) -> JSON {
        let body = try perform(request)
        do { return try JSON(parsing: body) } catch {
            throw .connection(doing: "read the daemon's answer", reason: error.description)
        }
    }

    /// Makes a request and reads the answer as a value.
    func value<T: Decodable>(_ request: Request, as type: T.Type = T.self) throws(CommandError) -> T {
        let body = try perform(request)
        do { return try DockerJSON.decode(type, from: body) } catch {
            throw .connection(doing: "read the daemon's answer", reason: error.description)
        }
    }

    /// Makes a request whose answer goes on for a while, and returns once its head is there.
    func stream(_ request: Request) throws(CommandError) -> ResponseStream {
        let connection = try Connection(to: endpoint)
        try connection.send(request)
        return try DaemonClient.stream(connection)
    }

    /// Sends the bytes that `next` gives, until it gives nil, as the body of a request.
    func upload(
        _ request: Request, from next: () throws(CommandError) -> [UInt8]?
    ) throws(CommandError) -> ResponseStream {
        let connection = try Connection(to: endpoint)
        try connection.send(request)
        do throws(CommandError) {
            while let piece = try next() { if !piece.isEmpty { try connection.send(piece: piece) } }
            try connection.endBody()
        } catch .connection(let doing, let reason) {
            // A daemon that refuses early closes its side: then its answer says more than the broken pipe.
            guard let answer = try? DaemonClient.stream(connection) else {
                throw .connection(doing: doing, reason: reason)
            }
            return answer
        }
        return try DaemonClient.stream(connection)
    }

    /// Makes a request that turns the connection into a stream in both directions.
    func hijack(_ request: Request) throws(CommandError) -> HijackedStream {
        let connection = try Connection(to: endpoint)
        var request = request
        request.headers += [("Connection", "Upgrade"), ("Upgrade", "tcp")]
        try connection.send(request)
        let head = try connection.head()
        guard head.status == .switchingProtocols else {
            let body = try connection.body()
            try DaemonClient.check(head, body)
            throw .connection(
                doing: "attach", reason: "the daemon does not upgrade the connection (status \(head.status.code))")
        }
        return try connection.hijack()
    }

    private static func stream(_ connection: Connection) throws(CommandError) -> ResponseStream {
        let head = try connection.head()
        guard (200..<300).contains(head.status.code) else {
            let body = try connection.body()
            try check(head, body)
            throw .connection(doing: "read the daemon's answer", reason: "unexpected status \(head.status.code)")
        }
        let type = head.headers.first(name: "Content-Type") ?? ""
        return ResponseStream(connection: connection, isMultiplexed: type.contains("multiplexed-stream"))
    }

    private static func check(_ head: HTTPResponseHead, _ body: [UInt8]) throws(CommandError) {
        guard head.status.code >= 400 else { return }
        let text = String(decoding: body, as: UTF8.self)
        // An answer that is no JSON is shown as it is.
        let message = try? DockerJSON.decode(ErrorMessage.self, from: body).message
        let reason = message ?? (text.isEmpty ? head.status.reasonPhrase : text)
        throw .refused(status: Int(head.status.code), message: reason)
    }
}

/// A connection that has become a stream of bytes in both directions.
struct HijackedStream: ~Copyable {
    /// The connection.
    let socket: Descriptor
    /// What came together with the head.
    let received: [UInt8]
}
