internal import Glibc
internal import Linux

extension Endpoint {
    /// A connected socket.
    func connect() throws(CommandError) -> Descriptor {
        switch self {
        case .unix(let path):
            do { return try UnixSocket.connect(path) } catch {
                throw .unreachable(endpoint: description, reason: error.reason)
            }
        case .tcp(let host, let port):
            return try connect(host: host, port: port)
        }
    }

    private func connect(host: String, port: UInt16) throws(CommandError) -> Descriptor {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &first)
        guard result == 0 else {
            throw .unreachable(endpoint: description, reason: String(cString: gai_strerror(result)))
        }
        defer { freeaddrinfo(first) }
        var reason = "the name has no address"
        var next = first
        while let address = next?.pointee {
            next = address.ai_next
            let number = socket(
                address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), address.ai_protocol)
            guard number >= 0 else { continue }
            let descriptor = Descriptor(adopting: number)
            if Glibc.connect(descriptor.rawValue, address.ai_addr, address.ai_addrlen) == 0 { return descriptor }
            reason = SystemError.last("connect").reason
        }
        throw .unreachable(endpoint: description, reason: reason)
    }
}
