public import Engine
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Serves Docker's API over HTTP.
public final class APIServer: Sendable {
    private let respond: @Sendable (Exchange) async -> Void
    private let group: MultiThreadedEventLoopGroup
    private let open = Mutex(Open())

    private struct Open {
        var listeners: [any Channel] = []
        var connections: [ObjectIdentifier: any Channel] = [:]
        var paths: [String] = []
        var isClosing = false
    }

    /// A server that does not listen yet.
    public convenience init(engine: Engine) {
        let service = Service(engine: engine)
        self.init { await service.respond($0) }
    }

    init(respond: @escaping @Sendable (Exchange) async -> Void) {
        // One thread moves all bytes; what takes time runs elsewhere.
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.respond = respond
    }

    /// Listens there too.
    ///
    /// - Throws: ``ServerError`` where the address is taken or can't be had.
    public func listen(on address: ListeningAddress) async throws(ServerError) {
        if case .unix(let path) = address { try UnixSocketFile.clear(path) }
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: UnixSocketFile.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try prepare(channel) }
            }
        do {
            switch address {
            case .unix(let path):
                let listener = try await bootstrap.withBoundSocket(UnixSocketFile.listen(path)).get()
                UnixSocketFile.protect(path)
                open.withLock { open in
                    open.listeners.append(listener)
                    open.paths.append(path)
                }
            case .tcp(let host, let port):
                let listener = try await bootstrap.bind(host: host, port: port).get()
                open.withLock { $0.listeners.append(listener) }
            }
        } catch let error as ServerError { throw error } catch {
            throw ServerError("can't listen on \(address): \(error)")
        }
    }

    /// Stops listening, breaks the connections off, and removes the sockets' files.
    public func shutdown() async {
        let (listeners, connections, paths) = open.withLock { open in
            open.isClosing = true
            return (open.listeners, Array(open.connections.values), open.paths)
        }
        for path in paths { UnixSocketFile.remove(path) }
        for channel in listeners + connections {
            try? await channel.close()  // one that is closed already is what is wanted
        }
        try? await group.shutdownGracefully()  // the process ends next
    }

    private func prepare(_ channel: any Channel) throws {
        let key = ObjectIdentifier(channel)
        open.withLock { $0.connections[key] = channel }
        channel.closeFuture.whenComplete { [self] _ in
            open.withLock { _ = $0.connections.removeValue(forKey: key) }
        }
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(encoder)
        try pipeline.addHandler(decoder)
        try pipeline.addHandler(
            HTTPConnection(decoder: decoder, encoder: encoder, respond: respond))
    }
}
