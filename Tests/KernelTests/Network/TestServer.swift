import Glibc
import Linux
import Synchronization

/// Answers every connection or packet in a namespace with its name and the address that it came from.
final class TestServer: Sendable {
    private let socket: Descriptor
    private let wake: PipePair

    init(_ name: String, in namespace: TestNamespace, port: UInt16, _ transport: HeldPort.Transport) throws {
        let type = transport == .tcp ? SOCK_STREAM : SOCK_DGRAM
        let number = try namespace.run {
            let number = Glibc.socket(AF_INET, Int32(type.rawValue), 0)
            guard withSocketAddress(.any, port, { bind(number, $0, $1) }) == 0,
                transport == .udp || listen(number, 16) == 0
            else { throw SystemError("listen", "\(port)", code: errno) }
            return number
        }
        socket = Descriptor(adopting: number)
        wake = try PipePair()
        let end = wake.reading.rawValue
        namespace.start { TestServer.serve(number, until: end, name, transport) }
    }

    deinit { try? wake.writing.writeAll("x") }

    private static func serve(_ socket: Int32, until end: Int32, _ name: String, _ transport: HeldPort.Transport) {
        while true {
            var waits = [pollfd(fd: socket, events: 1, revents: 0), pollfd(fd: end, events: 1, revents: 0)]
            guard poll(&waits, 2, -1) > 0, waits[1].revents == 0 else { return }
            var peer = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
                    var byte: UInt8 = 0
                    let connection =
                        transport == .tcp ? accept(socket, peer, &length) : socket
                    if transport == .udp { _ = recvfrom(socket, &byte, 1, 0, peer, &length) }
                    let source = pointer.pointee.sin_addr.s_addr
                    let text = Array("\(name) \(IPv4Address(value: UInt32(bigEndian: source)))".utf8)
                    if transport == .udp {
                        _ = sendto(socket, text, text.count, 0, peer, length)
                    } else {
                        _ = send(connection, text, text.count, Int32(MSG_NOSIGNAL))
                        close(connection)
                    }
                }
            }
        }
    }
}

/// What is answered at an address as seen from a namespace, or why nothing is.
func ask(
    _ address: String, _ port: UInt16, _ transport: HeldPort.Transport, from namespace: TestNamespace
) throws -> String {
    guard let address = IPv4Address(address) else { throw SystemError("parse", address, code: EINVAL) }
    return try namespace.run {
        let type = transport == .tcp ? SOCK_STREAM : SOCK_DGRAM
        let socket = Descriptor(adopting: Glibc.socket(AF_INET, Int32(type.rawValue), 0))
        var limit = timeval(tv_sec: 1, tv_usec: 500_000)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket.rawValue, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard withSocketAddress(address, port, { Glibc.connect(socket.rawValue, $0, $1) }) == 0 else {
            return errno == ECONNREFUSED ? "refused" : "no answer"
        }
        if transport == .udp { _ = try socket.write([0x71]) }
        var buffer = [UInt8](repeating: 0, count: 200)
        let count = recv(socket.rawValue, &buffer, buffer.count, 0)
        if count < 0 && errno == ECONNREFUSED { return "refused" }
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : "no answer"
    }
}

private func withSocketAddress<R>(
    _ address: IPv4Address, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
) -> R {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = address.value.bigEndian
    return withUnsafePointer(to: name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}
