import NIOCore
import NIOHTTP1

/// One client's connection: takes requests one after the other, and hands each to the service.
///
/// Reading is done on demand only, so that a client that sends faster than it is served waits.
final class HTTPConnection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle
        /// A request whose body still comes.
        case receiving(Exchange)
        /// A request that has come completely.
        case answering(Exchange)
        /// The answer is complete, but nothing more is taken from this client.
        case closing
        case hijacked
    }

    private var state = State.idle
    /// Parts of requests that came before the answer to the one before was complete.
    private var waiting: CircularBuffer<HTTPServerRequestPart> = []
    private var inputIsClosed = false
    private let respond: @Sendable (Exchange) async -> Void
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private let encoder: HTTPResponseEncoder
    private var context: ChannelHandlerContext?

    init(
        decoder: ByteToMessageHandler<HTTPRequestDecoder>, encoder: HTTPResponseEncoder,
        respond: @escaping @Sendable (Exchange) async -> Void
    ) {
        self.decoder = decoder
        self.encoder = encoder
        self.respond = respond
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        waiting.append(unwrapInboundIn(data))
        take(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) { readMore(context) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { inputClosed(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch state {
        case .receiving(let exchange), .answering(let exchange): exchange.clientLeft()
        case .idle, .closing, .hijacked: break
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What is not HTTP gets one answer and no second chance; a broken connection has nobody to tell.
        if case .idle = state, error is HTTPParserError {
            let headers: HTTPHeaders = ["Connection": "close", "Content-Length": "0"]
            let head = HTTPResponseHead(version: .http1_1, status: .badRequest, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.close(promise: nil)
    }

    /// Takes waiting parts as far as the state allows.
    private func take(_ context: ChannelHandlerContext) {
        while let part = waiting.first {
            switch (state, part) {
            case (.idle, .head(let head)):
                waiting.removeFirst()
                begin(head, context)
            case (.receiving(let exchange), .body(let chunk)):
                waiting.removeFirst()
                exchange.body.receive(chunk)
            case (.receiving(let exchange), .end):
                waiting.removeFirst()
                exchange.body.end()
                state = .answering(exchange)
            case (.closing, _), (.hijacked, _), (.idle, _):
                waiting.removeFirst()
            case (.answering, _), (.receiving, .head):
                return
            }
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let exchange = Exchange(
            head: head, channel: context.channel,
            connection: NIOLoopBound(self, eventLoop: context.eventLoop))
        state = .receiving(exchange)
        if head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }) {
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        }
        exchange.started(Task { [respond] in await respond(exchange) })
    }

    private func readMore(_ context: ChannelHandlerContext) {
        switch state {
        case .idle: context.read()
        case .receiving(let exchange) where exchange.body.wantsMore: context.read()
        case .receiving, .answering, .closing, .hijacked: break
        }
    }

    private func inputClosed(_ context: ChannelHandlerContext) {
        inputIsClosed = true
        switch state {
        case .idle, .closing: context.close(promise: nil)
        case .receiving(let exchange), .answering(let exchange): exchange.clientLeft()
        case .hijacked: break
        }
    }

    // MARK: For the exchange, on the event loop

    /// Whether the request has come to its end.
    func hasWholeRequest(_ exchange: Exchange) -> Bool {
        if case .answering(let present) = state, present === exchange { return true }
        return false
    }

    /// The answer is complete: the next request, or the end.
    func finished(_ exchange: Exchange, keepsAlive: Bool) {
        guard let context else { return }
        guard keepsAlive, !inputIsClosed, !exchange.wantsUpgrade else {
            state = .closing
            context.close(promise: nil)
            return
        }
        state = .idle
        take(context)
        readMore(context)
    }

    /// Writes the head, and takes HTTP out of the pipeline.
    func hijack(header: String) throws -> HijackedConnection {
        guard let context else { throw ChannelError.ioOnClosedChannel }
        state = .hijacked
        let channel = context.channel
        let pipeline = channel.pipeline.syncOperations
        let raw = ClientStreamHandler(inputIsClosed: inputIsClosed)
        try pipeline.addHandler(raw, position: .after(self))
        _ = pipeline.removeHandler(encoder)
        channel.writeAndFlush(ByteBuffer(string: header), promise: nil)
        _ = pipeline.removeHandler(self)
        // What the decoder has read ahead goes to the new handler.
        _ = pipeline.removeHandler(decoder)
        return HijackedConnection(channel: channel, handler: NIOLoopBound(raw, eventLoop: context.eventLoop))
    }
}
