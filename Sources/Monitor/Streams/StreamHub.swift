internal import Linux
internal import Wire

/// The standard streams of a container: into its log, to every attached client, and from those that give input.
///
/// A client that does not take what it gets holds up the container once ``Connection/congestion`` bytes wait for it, as
/// with Docker; it holds up no other container, for each has its own monitor.
final class StreamHub: ConnectionHandler {
    fileprivate struct Client {
        let connection: Connection
        let wanted: AttachSetup
    }

    /// Who takes input, until the end.
    var executor: (any Executor)?
    private let standardInput: ContainerSetup.StandardInput
    private var log: LogFile?
    private var logFailureReported = false
    private var clients: [Client] = []
    private var stalled = false
    private var finished = false

    init(_ setup: ContainerSetup) throws(Failure) {
        standardInput = setup.standardInput
        guard let setup = setup.log else { return }
        do {
            log = try LogFile(setup)
        } catch {
            throw Failure(.failed, "the log: \(error)")
        }
    }

    /// Makes a connection one that is attached.
    func add(_ connection: Connection, _ wanted: AttachSetup) {
        connection.handOver(to: self)
        clients.append(Client(connection: connection, wanted: wanted))
    }

    // MARK: Output

    func put(out bytes: [UInt8], _ stream: Frame.Stream) {
        writeLog { log throws(SystemError) in try log.write(bytes, stream, time: Clock.realtimeNanoseconds) }
        guard clients.contains(where: { $0.wants(stream) }) else { return }
        for frame in Frame.splitting(stream, bytes) {
            let encoded = frame.encoded
            for client in clients where client.wants(stream) { client.connection.send(encoded: encoded) }
        }
        balance()
    }

    func ended(_ stream: Frame.Stream) {
        writeLog { log throws(SystemError) in try log.finish(stream, time: Clock.realtimeNanoseconds) }
    }

    private func writeLog(_ body: (inout LogFile) throws(SystemError) -> Void) {
        guard var file = log.take() else { return }
        do {
            try body(&file)
            logFailureReported = false
        } catch {
            // The container goes on without a log, as it does with Docker when the disk is full.
            if !logFailureReported { Console.report("the log: \(error)") }
            logFailureReported = true
        }
        log = consume file
    }

    /// Lets the container wait while a client is behind, and go on when none is.
    private func balance() {
        let isStalled = clients.contains { $0.connection.isCongested }
        guard isStalled != stalled else { return }
        stalled = isStalled
        executor?.setReading(.output, !stalled)
        executor?.setReading(.error, !stalled)
    }

    func drained(_ connection: Connection) { balance() }

    /// The end: clients get the end of each stream that they wanted, and are closed once everything has left.
    func finish() {
        guard !finished else { return }
        finished = true
        for client in clients {
            for stream in [Frame.Stream.output, .error] where client.wants(stream) {
                client.connection.send(.data(stream, []))
            }
            client.connection.finish()
        }
        executor = nil
    }

    var isFlushed: Bool { clients.isEmpty }

    // MARK: Input

    func received(_ frame: Frame, on connection: Connection) {
        guard case .data(.input, let bytes) = frame, let client = client(connection), client.wanted.input,
            standardInput != .none
        else { return }
        if bytes.isEmpty { return inputEnded(on: connection) }
        executor?.write(bytes)
        if executor?.hasWaitingInput == true {
            for client in clients where client.wanted.input { client.connection.pauseReading() }
        }
    }

    func inputTaken() {
        for client in clients where client.wanted.input { client.connection.resumeReading() }
    }

    func inputEnded(on connection: Connection) {
        guard let client = client(connection), client.wanted.input, standardInput == .closesAfterFirstClient else {
            return
        }
        executor?.closeInput()
    }

    func closed(_ connection: Connection) {
        inputEnded(on: connection)
        clients.removeAll { $0.connection === connection }
        balance()
    }

    private func client(_ connection: Connection) -> Client? { clients.first { $0.connection === connection } }
}

extension StreamHub.Client {
    func wants(_ stream: Frame.Stream) -> Bool {
        switch stream {
        case .input: wanted.input
        case .output: wanted.output
        case .error: wanted.error
        }
    }
}
