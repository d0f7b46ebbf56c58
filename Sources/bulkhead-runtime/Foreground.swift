import Glibc
import Linux

/// Waits for a process while it has our terminal: signals are passed on, and with a terminal of its own the bytes too.
final class Foreground {
    private let process: Int32
    private let terminal: Int32?
    private var end: ProcessEnd?

    private static let passed = [
        SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH, SIGALRM, SIGTSTP,
    ]

    /// To be called before the process runs: a signal that comes before it is waited for is passed on all the same,
    /// where it would end us and leave the process alone.
    static func holdSignals() throws(SystemError) { try EventLoop.hold(signals: passed) }

    init(_ process: Int32, terminal: Int32?) {
        self.process = process
        self.terminal = terminal
    }

    /// How it ended.
    func wait() throws(SystemError) -> ProcessEnd {
        let loop = try EventLoop()
        let pidfd = ProcessDescriptor(adopting: try Descriptor.duplicating(process))
        try loop.watch(signals: Foreground.passed) { [terminal] number in
            if number == SIGWINCH, let terminal {
                // A window that has no size any more is about to go away.
                if let size = try? Terminal.size(0) {
                    try? Terminal.resize(terminal, rows: size.rows, columns: size.columns)
                }
                return
            }
            // It may have ended just now.
            try? pidfd.signal(number)
        }
        var saved: [UInt8]?
        if let terminal {
            saved = Terminal.isTerminal(0) ? try Terminal.makeRaw(0) : nil
            try copy(from: 0, to: terminal, loop, endsLoop: false)
            try copy(from: terminal, to: 1, loop, endsLoop: true)
        } else {
            try loop.add(pidfd.rawValue, .readable) { _ in loop.stop() }
        }
        defer { if let saved { try? Terminal.restore(0, saved) } }
        try loop.run()
        return try pidfd.waitForEnd()
    }

    private func copy(from source: Int32, to target: Int32, _ loop: EventLoop, endsLoop: Bool) throws(SystemError) {
        let input = try Descriptor.duplicating(source)
        let output = try Descriptor.duplicating(target)
        let number = input.rawValue
        do {
            try loop.add(number, .readable) { _ in
                guard case .bytes(let bytes)? = try? input.read(upTo: 32 << 10), (try? output.writeAll(bytes)) != nil
                else {
                    loop.remove(number)
                    if endsLoop { loop.stop() }
                    return
                }
            }
        } catch {
            guard error.code == EPERM else { throw error }
            // A plain file is no source of events: all of it is there at once.
            try output.writeAll(try input.readAll())
        }
    }
}
