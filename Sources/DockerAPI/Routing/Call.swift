import DockerModels
import NIOCore
import NIOHTTP1
import OCI

/// One request, as a route sees it.
struct Call: Sendable {
    /// The request and the way to answer it.
    let exchange: Exchange
    /// The version that the client speaks.
    let version: APIVersion
    /// The name in the path.
    let name: String
    /// What stands behind the question mark.
    let query: Query

    /// The largest JSON body that is read, in bytes.
    static let largestDocument = 16 << 20

    /// The body as a document; an empty one is `{}`.
    ///
    /// - Throws: ``APIError`` where it is not JSON.
    func document() async throws -> JSON {
        let bytes = try await exchange.body.collect(upTo: Call.largestDocument)
        if bytes.isEmpty { return .object([:]) }
        let type = exchange.head.headers.first(name: "Content-Type") ?? ""
        guard type.prefix(while: { $0 != ";" }).trimmingSpaces() == "application/json" else {
            throw APIError(.badRequest, "unsupported Content-Type header (\(type)): must be 'application/json'")
        }
        return try JSON(parsing: bytes)
    }

    /// The body as a value.
    func body<T: Decodable>(_ type: T.Type = T.self) async throws -> T {
        try DockerJSON.decode(type, from: try await document())
    }
}

extension StringProtocol {
    /// Without spaces at both ends.
    func trimmingSpaces() -> String {
        var text = Substring(self)
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}

/// What a route answers.
enum Reply: Sendable {
    /// No body.
    case empty(HTTPResponseStatus)
    /// A body in one piece.
    case bytes(HTTPResponseStatus, type: String, [UInt8])
    /// The route has written its answer itself.
    case written

    /// A value as JSON.
    static func json(_ value: some Encodable, _ status: HTTPResponseStatus = .ok) throws -> Reply {
        .bytes(status, type: "application/json", try DockerJSON.encode(value) + [UInt8(ascii: "\n")])
    }

    /// Text.
    static func text(_ text: String, _ status: HTTPResponseStatus = .ok) -> Reply {
        .bytes(status, type: "text/plain; charset=utf-8", Array(text.utf8))
    }
}
