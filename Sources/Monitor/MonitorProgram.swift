internal import Glibc
internal import Linux
package import Wire

/// The program `bulkhead-monitor`: the parent of one container, whoever else comes and goes.
///
/// `bulkhead-monitor --socket PATH --name ID`, with the first control connection as descriptor 3. It listens on the
/// socket for further ones, and ends when the container's end has been recorded and told, or was never made.
public final class MonitorProgram {
    /// How long whoever is slow may take the last bytes, once everything is over.
    private static let farewellTime: Int64 = 10_000
    private static let firstControl: Int32 = 3

    private let loop: EventLoop
    private let path: String
    private let listener: Descriptor
    private let supervisor: Supervisor
    private var ending = false
    private var socketIsGone = false

    /// Runs the program.
    ///
    /// - Returns: its exit code.
    public static func run(_ arguments: [String]) -> Int32 {
        var socket: String?
        var name: String?
        var rest = arguments.dropFirst()
        while let option = rest.popFirst() {
            switch option {
            case "--socket": socket = rest.popFirst()
            case "--name": name = rest.popFirst()
            default:
                Console.report("unknown option \(option); usage: bulkhead-monitor --socket PATH --name ID")
                return 2
            }
        }
        guard let socket, name != nil else {
            Console.report("usage: bulkhead-monitor --socket PATH --name ID")
            return 2
        }
        do {
            // Before anything is done, for it starts this program once more.
            try Program.protectFile()
            let program = try MonitorProgram(socket: socket)
            try program.loop.run()
            program.removeSocket()
            return 0
        } catch {
            Console.report("\(error)")
            return 1
        }
    }

    private init(socket: String) throws(SystemError) {
        let loop = try EventLoop()
        self.loop = loop
        path = socket
        signal(SIGPIPE, SIG_IGN)
        // Nobody but this user may connect, from the first moment on; the container gets the usual mask.
        let mask = Privilege.setMask(0o177)
        defer { Privilege.setMask(mask) }
        listener = try UnixSocket.listen(socket)
        try listener.setNonblocking(true)
        supervisor = Supervisor(in: loop) { kind in
            switch kind {
            case .local: LocalExecutor(in: loop)
            case .remote(let socket): RemoteExecutor(socket: socket, in: loop)
            }
        }
        supervisor.delegate = self
        // The loop may hold this object: it lives as long as the program.
        try loop.watch(signals: [SIGTERM, SIGINT]) { [self] _ in
            if supervisor.isIdle { loop.stop() } else { supervisor.abandon() }
        }
        try loop.add(listener.rawValue, .readable) { [self] _ in accept() }
        if fcntl(MonitorProgram.firstControl, F_GETFD) >= 0 {
            let first = Descriptor(adopting: MonitorProgram.firstControl)
            try first.setCloseOnExec(true)
            serve(first)
        }
    }

    private func accept() {
        do {
            while let socket = try UnixSocket.accept(listener) {
                let peer = try UnixSocket.peer(of: socket)
                // The socket's mode keeps others out; this holds even where its folder has been opened to them.
                if peer.user == 0 || peer.user == getuid() { serve(socket) }
            }
        } catch {
            Console.report("\(error)")
        }
    }

    private func serve(_ socket: consuming Descriptor) {
        do {
            supervisor.add(control: try Connection(adopting: socket, in: loop, handler: self))
        } catch {
            Console.report("\(error)")
        }
    }

    /// Ends the program once nothing more is to be told.
    private func leaveWhenTold() {
        if ending && supervisor.controls.isEmpty && supervisor.isFlushed { loop.stop() }
    }

    /// Makes room for the next monitor at this path.
    private func removeSocket() {
        guard !socketIsGone else { return }
        socketIsGone = true
        // It may have been removed together with its folder.
        try? Files.remove(path)
    }
}

extension MonitorProgram: SupervisorDelegate {
    package func finished(_ supervisor: Supervisor) {
        guard !ending else { return }
        ending = true
        loop.remove(listener.rawValue)
        // Before any connection ends: who sees that may start the next monitor at once, and at the same path.
        removeSocket()
        for connection in supervisor.controls { connection.finish() }
        loop.schedule(afterMilliseconds: MonitorProgram.farewellTime) { [loop] in loop.stop() }
        leaveWhenTold()
    }
}

extension MonitorProgram: ConnectionHandler {
    package func received(_ frame: Frame, on connection: Connection) {
        switch frame {
        case .message(.request(let number, let request)): supervisor.handle(request, number, on: connection)
        case .message, .data: break
        }
    }

    package func inputEnded(on connection: Connection) { connection.finish() }

    package func drained(_ connection: Connection) {}

    package func closed(_ connection: Connection) {
        supervisor.remove(control: connection)
        // A monitor that was never told what to make is of no use without the one who started it.
        if supervisor.isIdle && supervisor.controls.isEmpty && !ending { loop.stop() }
        leaveWhenTold()
    }
}
