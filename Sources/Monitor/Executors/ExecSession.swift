package import ContainerRuntime
package import Linux
package import Wire

/// A further process: its streams go to and come from one connection, which gets its end and is closed then. When the
/// connection goes away the process goes on, and what it puts out is dropped.
package final class ExecSession: ConnectionHandler, ProcessPumpDelegate {
    /// Its name.
    package let id: String
    private let streams: AttachSetup
    private let loop: EventLoop
    /// Its number, here.
    package let process: Int32
    private let descriptor: ProcessDescriptor
    private let pump: ProcessPump
    private let startedAt = Clock.realtimeNanoseconds
    private var connection: Connection?
    private let whenEnded: (ExitRecord) -> Void

    /// Serves a process that has just been made. `whenEnded` is called before its connection learns of the end.
    package init(
        _ setup: ExecSetup, _ process: Int32, _ descriptor: consuming ProcessDescriptor,
        _ ends: consuming ProcessStreams, terminal: Bool, in loop: EventLoop,
        whenEnded: @escaping (ExitRecord) -> Void
    ) throws(SystemError) {
        id = setup.id
        streams = setup.streams
        self.loop = loop
        self.whenEnded = whenEnded
        self.process = process
        self.descriptor = consume descriptor
        pump = try ProcessPump(ends, terminal: terminal, in: loop)
        if !setup.streams.input { pump.closeInput() }
        try loop.add(self.descriptor.rawValue, .readable) { [self] _ in reap() }
        // Until the end of the process, of which the loop tells from here on.
        pump.delegate = self
    }

    /// Makes the connection its streams, answers the request, and lets bytes flow.
    package func begin(_ number: UInt32, on connection: Connection) {
        self.connection = connection
        connection.handOver(to: self)
        connection.respond(number, .started(process: process))
        pump.begin()
    }

    /// Sends it a signal.
    package func signal(_ number: Int32) throws(SystemError) { try descriptor.signal(number) }

    /// Sets its terminal's size.
    package func resize(rows: UInt16, columns: UInt16) throws(SystemError) {
        if let terminal = pump.terminal { try Terminal.resize(terminal, rows: rows, columns: columns) }
    }

    private func reap() {
        let status: ExitStatus
        do {
            guard let end = try descriptor.reap() else { return }
            status = ExitStatus(end, outOfMemory: false)
        } catch {
            status = .lost(reason: "\(error)")
        }
        loop.remove(descriptor.rawValue)
        pump.drain()
        pump.delegate = nil
        let record = ExitRecord(status: status, startedAt: startedAt, finishedAt: Clock.realtimeNanoseconds)
        whenEnded(record)
        connection?.send(.message(.event(.exited(process: id, record))))
        connection?.finish()
    }

    // MARK: The process's side

    package func put(out bytes: [UInt8], _ stream: Frame.Stream) {
        guard stream == .error ? streams.error : streams.output else { return }
        for frame in Frame.splitting(stream, bytes) { connection?.send(frame) }
        if connection?.isCongested == true {
            pump.setReading(.output, false)
            pump.setReading(.error, false)
        }
    }

    package func ended(_ stream: Frame.Stream) {
        guard stream == .error ? streams.error : streams.output else { return }
        connection?.send(.data(stream, []))
    }

    package func inputTaken() { connection?.resumeReading() }

    // MARK: The connection's side

    package func received(_ frame: Frame, on connection: Connection) {
        guard case .data(.input, let bytes) = frame else { return }
        if bytes.isEmpty { return pump.closeInput() }
        pump.write(bytes)
        if pump.hasWaitingInput { connection.pauseReading() }
    }

    package func inputEnded(on connection: Connection) { pump.closeInput() }

    package func drained(_ connection: Connection) {
        pump.setReading(.output, true)
        pump.setReading(.error, true)
    }

    package func closed(_ connection: Connection) {
        self.connection = nil
        pump.closeInput()
        drained(connection)
    }
}

extension ExitStatus {
    /// From what the kernel told.
    package init(_ end: ProcessEnd, outOfMemory: Bool) {
        self =
            switch end {
            case .exited(let code): .exited(code: code)
            case .signaled(let signal): .signaled(signal: signal, outOfMemory: outOfMemory && signal == 9)
            }
    }
}
