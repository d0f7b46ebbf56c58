import Glibc

@testable import DockerAPI

/// A client that sends and sees every byte.
final class RawClient: Sendable {
    let descriptor: Int32

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw ServerError("connect \(path): \(errno)") }
    }

    init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    /// No more is sent.
    func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// One read of what comes within 60 s; empty at the end, nil when nothing comes.
    func read() -> [UInt8]? {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wanted, 1, 60_000) > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count > 0 ? Array(bytes.prefix(count)) : []
    }

    /// Reads until the text ends so, or the end.
    func read(until end: String) -> String {
        var all: [UInt8] = []
        while !String(decoding: all, as: UTF8.self).hasSuffix(end) || end.isEmpty {
            guard let some = read(), !some.isEmpty else { break }
            all += some
        }
        return String(decoding: all, as: UTF8.self)
    }
}
