import NIOCore

/// The client's side of a hijacked connection: bytes in are standard input, bytes out are output as the client wants it.
/// Until the process's side is there, nothing more is read than had been read already.
final class ClientStreamHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var process: ProcessStreamHandler?
    private var early: [ByteBuffer] = []
    private var inputIsClosed: Bool
    private var isClosed = false
    private var isEnding = false
    private var detach: DetachSequence?
    private var context: ChannelHandlerContext?
    private var whenClosed: (() -> Void)?

    init(inputIsClosed: Bool) { self.inputIsClosed = inputIsClosed }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnding else { return }
        let bytes = unwrapInboundIn(data)
        if process == nil { early.append(bytes) } else { forward(bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        process?.flushInput()
        readMore()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent, !inputIsClosed {
            inputIsClosed = true
            process?.endInput()
            if isEnding { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { process?.readMore() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        process?.close()
        process = nil
        whenClosed?()
        whenClosed = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Tells once that the client has gone; at once where it has gone already.
    func onClose(_ action: @escaping () -> Void) { if isClosed { action() } else { whenClosed = action } }

    /// The process's side is there.
    func join(_ process: ProcessStreamHandler, detach: DetachSequence?) {
        guard !isClosed else { return process.close() }
        self.process = process
        self.detach = detach
        for bytes in early { forward(bytes) }
        early = []
        process.flushInput()
        if inputIsClosed { process.endInput() }
        readMore()
    }

    /// Whether more output can be taken.
    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Output.
    func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }
    func flush() { context?.flush() }

    /// Everything has been written: the connection ends behind it, once the client has ended its side too.
    ///
    /// Closing while input is left unread would reset the connection, and the client would report that for an error.
    func end() {
        process = nil
        isEnding = true
        guard let context else { return }
        let channel = context.channel
        guard !inputIsClosed else {
            channel.writeAndFlush(ByteBuffer()).whenComplete { _ in channel.close(promise: nil) }
            return
        }
        channel.writeAndFlush(ByteBuffer()).whenComplete { _ in channel.close(mode: .output, promise: nil) }
        channel.eventLoop.scheduleTask(in: ClientStreamHandler.patience) { channel.close(promise: nil) }
        context.read()
    }

    /// How long a client may take to end its side.
    private static let patience = TimeAmount.seconds(10)

    /// The process can take more input.
    func readMore() {
        if isEnding { context?.read() }
        guard let process, process.isWritable, !inputIsClosed else { return }
        context?.read()
    }

    private func forward(_ bytes: ByteBuffer) {
        guard detach != nil else {
            process?.input(bytes)
            return
        }
        guard let outcome = detach?.take(bytes.readableBytesView) else { return }
        if !outcome.forwarded.isEmpty { process?.input(ByteBuffer(bytes: outcome.forwarded)) }
        guard outcome.detached else { return }
        process?.flushInput()
        process?.close()
        end()
    }
}
