/// Where clients connect.
public enum ListeningAddress: Sendable, Equatable, CustomStringConvertible {
    /// The path of a unix socket.
    case unix(path: String)
    /// An address and a port, without any protection.
    case tcp(host: String, port: Int)

    /// Reads `unix:///run/bulkhead.sock`, `tcp://127.0.0.1:2375`; nil where it is neither.
    public init?(_ text: String) {
        if text.hasPrefix("unix://") {
            let path = String(text.dropFirst("unix://".count))
            guard path.hasPrefix("/") else { return nil }
            self = .unix(path: path)
        } else if text.hasPrefix("tcp://") {
            let rest = text.dropFirst("tcp://".count)
            guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]),
                (0...65535).contains(port)
            else { return nil }
            var host = rest[..<colon]
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            self = .tcp(host: host.isEmpty ? "127.0.0.1" : String(host), port: port)
        } else if text.hasPrefix("/") {
            self = .unix(path: text)
        } else {
            return nil
        }
    }

    /// The URL: `unix:///run/bulkhead.sock`, `tcp://127.0.0.1:2375`, `tcp://[::1]:2375`.
    public var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
        }
    }
}
