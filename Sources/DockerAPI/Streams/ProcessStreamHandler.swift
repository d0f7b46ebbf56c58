import NIOCore
import Wire

/// The process's side of a hijacked connection: the monitor's data frames, which are turned into what Docker's clients
/// read. Nothing is read from the monitor that the client can't take.
final class ProcessStreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let client: ClientStreamHandler
    private let format: StreamFormat
    private var frames = DataFrames()
    private var context: ChannelHandlerContext?
    private var isDone = false

    init(client: ClientStreamHandler, format: StreamFormat) {
        self.client = client
        self.format = format
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        frames.append(unwrapInboundIn(data))
        while let frame = frames.next() {
            guard case .data(let stream, let bytes) = frame else { continue }
            if format == .multiplexed {
                client.write(
                    ByteBuffer(bytes: StreamFormat.header(stream: stream.rawValue, length: bytes.readableBytes)))
            }
            client.write(bytes)
        }
        if frames.isBroken { context.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        client.flush()
        readMore()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { client.readMore() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone {
            isDone = true
            client.end()
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Whether more input can be taken.
    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// The client can take more output.
    func readMore() {
        if client.isWritable { context?.read() }
    }

    /// Standard input.
    func input(_ bytes: ByteBuffer) {
        guard let context else { return }
        keepWhatIsLeftToRead()
        var bytes = bytes
        while let piece = bytes.readSlice(length: min(bytes.readableBytes, Frame.largestData)), piece.readableBytes > 0
        {
            context.write(wrapOutboundOut(DataFrames.header(.input, length: piece.readableBytes)), promise: nil)
            context.write(wrapOutboundOut(piece), promise: nil)
        }
    }

    func flushInput() { context?.flush() }

    /// Standard input has ended.
    func endInput() {
        keepWhatIsLeftToRead()
        context?.writeAndFlush(wrapOutboundOut(DataFrames.header(.input, length: 0)), promise: nil)
    }

    /// Writing fails where the process has ended already, and ends the channel. What it has printed is read first only
    /// if somebody waits for it, so somebody does, even if the client is behind.
    private func keepWhatIsLeftToRead() { context?.read() }

    /// The client has gone.
    func close() {
        isDone = true
        context?.close(promise: nil)
    }
}
