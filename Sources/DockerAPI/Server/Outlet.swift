import NIOCore
import NIOHTTP1
import Synchronization

/// Writes many small pieces as few large ones: what comes while a write is under way goes out together after it.
final class Outlet: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var isWriting = false
        var failure: (any Error)?
        var waiting: [CheckedContinuation<Void, any Error>] = []
    }

    /// How many bytes wait before whoever writes has to.
    private static let limit = 256 << 10

    private let state = Mutex(State())
    private let send: @Sendable ([UInt8]) -> EventLoopFuture<Void>

    init(_ send: @escaping @Sendable ([UInt8]) -> EventLoopFuture<Void>) { self.send = send }

    /// Pieces of an answer's body.
    convenience init(_ exchange: Exchange) {
        let channel = exchange.channel
        self.init { channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: $0)))) }
    }

    /// Bytes of a raw connection.
    convenience init(_ connection: HijackedConnection) {
        let channel = connection.channel
        self.init { channel.writeAndFlush(ByteBuffer(bytes: $0)) }
    }

    /// Writes a piece; waits where too much has not gone out yet.
    func write(_ bytes: [UInt8]) async throws {
        let (begins, isFull) = try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.pending.append(contentsOf: bytes)
            defer { state.isWriting = true }
            return (!state.isWriting, state.pending.count > Outlet.limit)
        }
        if begins { next() }
        if isFull { try await drained() }
    }

    /// Waits until everything has gone out.
    func drained() async throws {
        try await withCheckedThrowingContinuation { continuation in
            let result: Result<Void, any Error>? = state.withLock { state in
                if let failure = state.failure { return .failure(failure) }
                guard state.isWriting else { return .success(()) }
                state.waiting.append(continuation)
                return nil
            }
            if let result { continuation.resume(with: result) }
        }
    }

    private func next() {
        let (bytes, waiting) = state.withLock { state in
            guard state.pending.isEmpty else {
                defer { state.pending = [] }
                return (state.pending, [CheckedContinuation<Void, any Error>]())
            }
            state.isWriting = false
            defer { state.waiting = [] }
            return ([], state.waiting)
        }
        for continuation in waiting { continuation.resume() }
        guard !bytes.isEmpty else { return }
        send(bytes).whenComplete { [self] result in
            switch result {
            case .success: next()
            case .failure(let error): fail(error)
            }
        }
    }

    private func fail(_ error: any Error) {
        let waiting = state.withLock { state in
            state.failure = error
            state.isWriting = false
            state.pending = []
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(throwing: error) }
    }
}
