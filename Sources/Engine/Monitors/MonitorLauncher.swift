@preconcurrency import Dispatch
import Glibc
import Linux
import Wire

/// Starts monitors and makes connections to them.
struct MonitorLauncher: Sendable {
    /// The program.
    let program: String
    private static let queue = DispatchQueue(
        label: "bulkhead.connections", qos: .userInitiated, attributes: .concurrent)

    /// Starts a monitor with a control connection on its descriptor 3.
    ///
    /// - Parameters:
    ///   - name: of the container or machine.
    ///   - directory: where its socket and its own messages go; made where it is missing.
    ///   - inherited: descriptors that it gets from 4 on.
    func launch(name: String, directory: String, inherited: [Int32] = [], handlers: MonitorClient.Handlers)
        throws(EngineError) -> MonitorClient
    {
        do {
            try Files.makeDirectories(directory, mode: 0o700)
            let socketPath = directory + "/monitor.sock"
            let log = try Descriptor.open(directory + "/monitor.log", [.writeOnly, .create, .append], mode: 0o600)
            let pair = try UnixSocket.pair()
            var descriptors: [(child: Int32, parent: Int32)] = [(2, log.rawValue), (3, pair.second.rawValue)]
            for (index, number) in inherited.enumerated() { descriptors.append((Int32(4 + index), number)) }
            let process = try Spawn.process(
                path: program, arguments: ["--socket", socketPath, "--name", name], descriptors: descriptors,
                newSession: true)
            // A descriptor is closed after its last use: not before the monitor has its own.
            extendLifetime(log)
            extendLifetime(pair.second)
            let client = MonitorClient(
                pair.first, socketPath: socketPath, process: process, handlers: handlers)
            return client
        } catch {
            throw EngineError(.internal, "start the monitor of \(name): \(error)")
        }
    }

    /// Connects to a monitor that runs since before this daemon.
    func adopt(directory: String, handlers: MonitorClient.Handlers) throws(SystemError) -> MonitorClient {
        let socketPath = directory + "/monitor.sock"
        return MonitorClient(
            try UnixSocket.connect(socketPath), socketPath: socketPath, process: 0, handlers: handlers)
    }

    /// Makes a further connection and asks for streams on it.
    ///
    /// - Returns: the stream and the process's number where one was started.
    func stream(_ request: Request, socketPath: String, terminal: Bool)
        async throws(EngineError) -> (stream: MonitorStream, process: Int32)
    {
        let result: Result<(MonitorStream, Int32), EngineError> = await withCheckedContinuation { continuation in
            MonitorLauncher.queue.async {
                continuation.resume(
                    returning: Result { () throws(EngineError) in
                        try MonitorLauncher.connect(request, socketPath, terminal)
                    })
            }
        }
        let (stream, process) = try result.get()
        return (stream, process)
    }

    private static func connect(_ request: Request, _ path: String, _ terminal: Bool)
        throws(EngineError) -> (MonitorStream, Int32)
    {
        let connection = try ask(request, path)
        while true {
            let frame = try FrameReader.readFrame(connection.rawValue)
            guard case .message(.response(1, let response)) = frame else { continue }
            switch response {
            case .failed(let failure): throw EngineError(failure)
            case .started(let process):
                return (MonitorStream(adopting: connection.release(), terminal: terminal), process)
            default:
                return (MonitorStream(adopting: connection.release(), terminal: terminal), 0)
            }
        }
    }

    private static func ask(_ request: Request, _ path: String) throws(EngineError) -> Descriptor {
        do {
            let connection = try UnixSocket.connect(path)
            try FrameWriter.write(.message(.request(1, request)), to: connection.rawValue)
            return connection
        } catch {
            throw EngineError(.unavailable, "the container's monitor is gone: \(error)")
        }
    }
}
