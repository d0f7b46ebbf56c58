import Glibc
import Linux
import Synchronization

@testable import VMM

/// A vhost-user server that answers by a script: nil for no answer. It ends when its client goes.
final class ScriptedServer: @unchecked Sendable {
    /// What came: numbers of requests.
    var requests: [UInt32] { seen.withLock { $0 } }
    private let seen = Mutex<[UInt32]>([])
    private let socket: Descriptor
    private let script: (VhostUserHeader, [UInt8]) -> [UInt8]?
    private var thread = pthread_t()

    /// Gives the client's end.
    static func start(_ script: @escaping (VhostUserHeader, [UInt8]) -> [UInt8]?) throws -> (ScriptedServer, Int32) {
        let pair = try UnixSocket.pair()
        let client = try pair.second.duplicate().release()
        let server = ScriptedServer(try pair.first.duplicate(), script)
        pthread_create(
            &server.thread, nil,
            { pointer in
                if let pointer { Unmanaged<ScriptedServer>.fromOpaque(pointer).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(server).toOpaque())
        pthread_detach(server.thread)
        return (server, client)
    }

    private init(_ socket: consuming Descriptor, _ script: @escaping (VhostUserHeader, [UInt8]) -> [UInt8]?) {
        self.socket = socket
        self.script = script
    }

    private func run() {
        while let bytes = read(VhostUserHeader.count), let header = VhostUserHeader(bytes),
            let payload = read(Int(header.size))
        {
            seen.withLock { $0.append(header.request) }
            if let answer = script(header, payload) { _ = try? UnixSocket.send(answer, over: socket) }
        }
        shutdown(socket.rawValue, Int32(SHUT_RDWR))
    }

    /// Goes away.
    func stop() { shutdown(socket.rawValue, Int32(SHUT_RDWR)) }

    private func read(_ count: Int) -> [UInt8]? {
        var all: [UInt8] = []
        while all.count < count {
            // Descriptors that come along are closed.
            guard let message = try? UnixSocket.receive(upTo: count - all.count, over: socket), !message.bytes.isEmpty
            else { return nil }
            all += message.bytes
        }
        return all
    }

    /// An answer of 64 bits.
    static func answer(_ header: VhostUserHeader, _ value: UInt64) -> [UInt8] {
        var bytes = VhostUserHeader(request: header.request, flags: 5, size: 8).bytes
        bytes.append(littleEndian: value)
        return bytes
    }

    /// What a good server answers.
    static func good(_ header: VhostUserHeader, _ payload: [UInt8]) -> [UInt8]? {
        switch header.request {
        case 1: answer(header, VirtioFeature.transport | VhostUserFeature.protocolFeatures)
        case 15: answer(header, 0xF)
        case 17: answer(header, 2)
        case 11: VhostUserHeader(request: 11, flags: 5, size: 8).bytes + payload[..<4] + [0, 0, 0, 0]
        default: header.flags & VhostUserHeader.Flag.needsReply != 0 ? answer(header, 0) : nil
        }
    }
}
