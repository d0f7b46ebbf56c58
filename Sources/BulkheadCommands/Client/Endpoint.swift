/// Where the daemon listens.
public enum Endpoint: Equatable, Sendable, CustomStringConvertible {
    /// A socket in the file system.
    case unix(path: String)
    /// A host and port.
    case tcp(host: String, port: UInt16)

    /// Where `bulkheadd` listens unless told otherwise.
    public static let standard = Endpoint.unix(path: "/run/bulkhead.sock")

    /// Reads `unix:///path`, `tcp://host:port`, `/path`.
    public init(_ text: String) throws(CommandError) {
        if text.hasPrefix("unix://") {
            let path = text.dropFirst("unix://".count)
            guard path.hasPrefix("/") else { throw .usage("host \(text): the path of a socket must be absolute") }
            self = .unix(path: String(path))
        } else if text.hasPrefix("tcp://") || text.hasPrefix("http://") {
            let address = text.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
            guard let colon = address.lastIndex(of: ":"), colon != address.startIndex,
                let port = UInt16(address[address.index(after: colon)...])
            else { throw .usage("host \(text): expected tcp://HOST:PORT") }
            let host = address[..<colon]
            let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
            self = .tcp(host: String(bracketed ? host.dropFirst().dropLast() : host), port: port)
        } else if text.hasPrefix("/") {
            self = .unix(path: text)
        } else {
            throw .usage("host \(text): expected unix:///PATH or tcp://HOST:PORT")
        }
    }

    /// The option's value, else `BULKHEAD_HOST`, else `DOCKER_HOST`, else the standard socket.
    public static func choose(
        option: String?, environment: (String) -> String?
    ) throws(CommandError) -> Endpoint {
        for text in [option, environment("BULKHEAD_HOST"), environment("DOCKER_HOST")] {
            if let text, !text.isEmpty { return try Endpoint(text) }
        }
        return .standard
    }

    /// The URL, which `init(_:)` reads back: `unix:///run/bulkhead.sock`, `tcp://[::1]:2375`.
    public var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
        }
    }
}
