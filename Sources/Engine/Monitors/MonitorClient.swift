@preconcurrency import Dispatch
import Linux
import Synchronization
import Wire

/// The control connection to one monitor: requests with their responses, and what the monitor tells by itself.
///
/// All connections are read on one queue. What a monitor has told is kept here in the order in which it came, so that
/// whoever has had the response to a later request has it too.
final class MonitorClient: Sendable {
    /// How a monitor's container came to its end, as far as the engine was told.
    enum End: Sendable {
        /// The monitor told it.
        case told(ExitRecord)
        /// The connection ended without.
        case disconnected
    }

    /// What the engine wants to hear.
    struct Handlers: Sendable {
        /// The container's first process ended, or the monitor did; once.
        var ended: @Sendable (MonitorClient, End) -> Void
        /// The kernel ended a process of the container for its memory limit.
        var outOfMemory: @Sendable (MonitorClient) -> Void
        /// An exec'd process ended.
        var execEnded: @Sendable (MonitorClient, String, ExitRecord) -> Void
        /// A guest's agent is ready.
        var ready: @Sendable (AgentReport) -> Void = { _ in }
    }

    private struct State {
        var decoder = FrameDecoder()
        var next: UInt32 = 0
        var pending: [UInt32: CheckedContinuation<Response, any Error>] = [:]
        var execExits: [String: ExitRecord] = [:]
        var hasTold = false
        var isClosed = false
        var closeWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private static let queue = DispatchQueue(label: "bulkhead.monitors", qos: .userInitiated)

    /// The socket where further connections are made.
    let socketPath: String
    /// The monitor's process where it is our child, to be reaped; 0 after an adoption.
    let process: Int32
    private let descriptor: Int32
    private let handlers: Handlers
    private let state = Mutex(State())
    private let source: any DispatchSourceRead

    /// Adopts the connected socket.
    convenience init(
        _ connection: consuming Descriptor, socketPath: String, process: Int32, handlers: Handlers
    ) {
        self.init(connection.release(), socketPath: socketPath, process: process, handlers: handlers)
    }

    /// Adopts the connected socket of that number.
    init(_ number: Int32, socketPath: String, process: Int32, handlers: Handlers) {
        self.socketPath = socketPath
        self.process = process
        self.handlers = handlers
        descriptor = number
        source = DispatchSource.makeReadSource(fileDescriptor: number, queue: MonitorClient.queue)
        source.setEventHandler { [weak self] in self?.receive() }
        source.setCancelHandler { [process] in
            _ = Descriptor(adopting: number)
            // The monitor closes its end by ending: it is gone, or about to be.
            if process != 0 { Reaper.reap(process) }
        }
        source.resume()
    }

    deinit { source.cancel() }

    /// Asks and waits for the answer.
    ///
    /// - Throws: ``EngineError`` for a failure, of the kind that the monitor named.
    @discardableResult
    func request(_ request: Request) async throws(EngineError) -> Response {
        let response: Response
        do {
            response = try await withCheckedThrowingContinuation { continuation in
                send(request, continuation)
            }
        } catch {
            throw EngineError.failed("ask the monitor", error)
        }
        if case .failed(let failure) = response { throw EngineError(failure) }
        return response
    }

    private func send(_ request: Request, _ continuation: CheckedContinuation<Response, any Error>) {
        let number: UInt32? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.next += 1
            state.pending[state.next] = continuation
            return state.next
        }
        guard let number else {
            continuation.resume(throwing: EngineError(.unavailable, "the container's monitor is gone"))
            return
        }
        do {
            try FrameWriter.write(.message(.request(number, request)), to: descriptor)
        } catch {
            let waiting = state.withLock { $0.pending.removeValue(forKey: number) }
            waiting?.resume(throwing: EngineError(.unavailable, "the container's monitor is gone: \(error)"))
        }
    }

    /// How an exec'd process ended, once the monitor has told it.
    func exit(ofExec id: String) -> ExitRecord? { state.withLock { $0.execExits.removeValue(forKey: id) } }

    /// Waits until the monitor has closed its end, which it does when it has cleaned up.
    func waitUntilClosed() async {
        await withCheckedContinuation { continuation in
            let closed = state.withLock { state in
                if !state.isClosed { state.closeWaiters.append(continuation) }
                return state.isClosed
            }
            if closed { continuation.resume() }
        }
    }

    private func receive() {
        while true {
            switch FrameReader.read(descriptor) {
            case .bytes(let bytes):
                var messages: [Message] = []
                let valid = state.withLock { state in
                    do {
                        state.decoder.feed(bytes)
                        while let frame = try state.decoder.next() {
                            if case .message(let message) = frame { messages.append(message) }
                        }
                        return true
                    } catch {
                        return false
                    }
                }
                for message in messages { handle(message) }
                if !valid { return close() }
            case .wouldBlock: return
            case .end: return close()
            }
        }
    }

    private func handle(_ message: Message) {
        switch message {
        case .response(let number, let response):
            state.withLock { $0.pending.removeValue(forKey: number) }?.resume(returning: response)
        case .event(.exited(nil, let record)):
            tell(.told(record))
        case .event(.exited(let id?, let record)):
            state.withLock { $0.execExits[id] = record }
            handlers.execEnded(self, id, record)
        case .event(.outOfMemory):
            handlers.outOfMemory(self)
        case .event(.ready(let report)):
            handlers.ready(report)
        case .event, .request:
            break
        }
    }

    private func tell(_ end: End) {
        let first = state.withLock { state in
            defer { state.hasTold = true }
            return !state.hasTold
        }
        if first { handlers.ended(self, end) }
    }

    private func close() {
        let (pending, waiters) = state.withLock { state in
            state.isClosed = true
            let left = (Array(state.pending.values), state.closeWaiters)
            state.pending = [:]
            state.closeWaiters = []
            return left
        }
        source.cancel()
        for continuation in pending {
            continuation.resume(throwing: EngineError(.unavailable, "the container's monitor is gone"))
        }
        tell(.disconnected)
        for waiter in waiters { waiter.resume() }
    }
}

extension EngineError {
    /// What a monitor or a guest's agent could not do.
    init(_ failure: Failure) {
        switch failure.kind {
        case .commandNotFound: self.init(.commandNotFound, failure.message)
        case .commandNotExecutable: self.init(.commandNotExecutable, failure.message)
        case .wrongState: self.init(.conflict, failure.message)
        case .noSuchProcess: self.init(.notFound, failure.message)
        case .invalid: self.init(.invalid, failure.message)
        case .gone: self.init(.unavailable, failure.message)
        case .failed: self.init(.internal, failure.message)
        }
    }
}
