import Engine
import NIOCore
import NIOPosix

/// A client's connection after the answer's head: from here on, bytes of a process's streams in both directions.
struct HijackedConnection: Sendable {
    let channel: any Channel
    let handler: NIOLoopBound<ClientStreamHandler>

    /// Connects the client with a process's streams; from here on they live by themselves, until either ends.
    ///
    /// - Parameter detach: the keys that detach the client, of a terminal.
    func join(_ stream: MonitorStream, format: StreamFormat, detach: DetachSequence?) async throws {
        guard let descriptor = stream.takeDescriptor() else {
            throw EngineError(.internal, "the streams were taken before")
        }
        try await join(descriptor: descriptor, format: format, detach: detach)
    }

    /// The same with the connected socket itself, which is closed with the connection.
    func join(descriptor: Int32, format: StreamFormat, detach: DetachSequence?) async throws {
        _ = try await ClientBootstrap(group: channel.eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: false)
            .channelInitializer { [handler] channel in
                channel.eventLoop.makeCompletedFuture {
                    let process = ProcessStreamHandler(client: handler.value, format: format)
                    try channel.pipeline.syncOperations.addHandler(process)
                    try channel.pipeline.syncOperations.addHandler(JoinHandler(handler.value, process, detach))
                }
            }
            .withConnectedSocket(descriptor)
            .get()
    }

    /// Writes output that comes from elsewhere, before the streams are connected.
    func write(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Calls when the client has gone, once.
    func onClose(_ action: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute { [handler] in handler.value.onClose(action) }
    }

    /// Ends the connection after what has been written.
    func end() {
        channel.eventLoop.execute { [handler] in handler.value.end() }
    }
}

/// Joins both sides as soon as the process's side is registered with the event loop.
private final class JoinHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let client: ClientStreamHandler
    private let process: ProcessStreamHandler
    private let detach: DetachSequence?

    init(_ client: ClientStreamHandler, _ process: ProcessStreamHandler, _ detach: DetachSequence?) {
        self.client = client
        self.process = process
        self.detach = detach
    }

    func channelActive(context: ChannelHandlerContext) {
        client.join(process, detach: detach)
        process.readMore()
        context.fireChannelActive()
    }
}
