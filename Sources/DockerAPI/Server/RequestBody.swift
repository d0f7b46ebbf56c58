import NIOCore
import NIOHTTP1
import Synchronization

/// The body of a request as it comes in. Little is read ahead; the rest waits in the client until it is asked for.
final class RequestBody: Sendable {
    private struct State {
        var chunks: CircularBuffer<ByteBuffer> = []
        var buffered = 0
        var failure: (any Error)?
        var ended = false
        var waiting: CheckedContinuation<ByteBuffer?, any Error>?
    }

    /// How many bytes are kept before reading stops.
    static let kept = 256 << 10

    private let state = Mutex(State())
    private let channel: any Channel

    init(channel: any Channel) { self.channel = channel }

    /// Whether more is to be read now.
    var wantsMore: Bool { state.withLock { !$0.ended && $0.buffered < RequestBody.kept } }

    func receive(_ chunk: ByteBuffer) {
        state.withLock { state -> CheckedContinuation<ByteBuffer?, any Error>? in
            guard let waiting = state.waiting else {
                state.chunks.append(chunk)
                state.buffered += chunk.readableBytes
                return nil
            }
            state.waiting = nil
            return waiting
        }?.resume(returning: chunk)
    }

    /// The body is complete, or with an error never will be.
    func end(_ failure: (any Error)? = nil) {
        let waiting = state.withLock { state -> CheckedContinuation<ByteBuffer?, any Error>? in
            guard !state.ended else { return nil }
            state.ended = true
            state.failure = failure
            defer { state.waiting = nil }
            return state.waiting
        }
        if let failure { waiting?.resume(throwing: failure) } else { waiting?.resume(returning: nil) }
    }

    /// The next piece, or nil behind the last. One caller at a time.
    func next() async throws -> ByteBuffer? {
        try await withCheckedThrowingContinuation { continuation in
            enum Outcome {
                case chunk(ByteBuffer)
                case end
                case failed(any Error)
                case wait
            }
            let outcome = state.withLock { state -> Outcome in
                if let chunk = state.chunks.popFirst() {
                    state.buffered -= chunk.readableBytes
                    return .chunk(chunk)
                }
                if let failure = state.failure { return .failed(failure) }
                if state.ended { return .end }
                state.waiting = continuation
                return .wait
            }
            switch outcome {
            case .chunk(let chunk): continuation.resume(returning: chunk)
            case .end: continuation.resume(returning: nil)
            case .failed(let error): continuation.resume(throwing: error)
            case .wait: channel.read()
            }
        }
    }

    /// All of it.
    func collect(upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await next() {
            guard bytes.count + chunk.readableBytes <= limit else {
                throw APIError(.payloadTooLarge, "the request's body is larger than \(limit) bytes")
            }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        return bytes
    }
}
