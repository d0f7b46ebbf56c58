internal import Glibc
internal import Linux
internal import OCI

/// The client's side of an attached process: input, output, signals and the window's size, until all is over.
final class AttachedSession {
    /// How it came to its end.
    enum End: Equatable {
        /// The output has ended, and whoever was waited for has answered.
        case finished
        /// By the detach keys; the process runs on.
        case detached
        /// By a signal that was not to be passed on.
        case interrupted(signal: Int32)
    }

    /// What the session does with the world around it.
    struct Options {
        /// Whether the process has a terminal: then output is not in frames, and input is taken raw.
        var terminal = false
        /// Whether standard input is passed on.
        var input = false
        /// The keys to detach with; nil without a terminal.
        var detachKeys: DetachKeys?
        /// Called with a signal that is to be passed on; nil: signals end the session.
        var forward: ((Int32) -> Void)?
        /// Called when the window has another size.
        var resize: (() -> Void)?
    }

    /// The signals that are passed on.
    private static let signals = [SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGWINCH]
    /// How long the rest of the output may take to come after the process has ended.
    private static let graceMilliseconds: Int64 = 3000

    private let socket: Descriptor
    private let received: [UInt8]
    private let options: Options
    private let waiting: ResponseStream?
    private let loop: EventLoop

    private var scanner: DetachKeyScanner?
    private var demultiplexer = StreamDemultiplexer()
    private var unsent: [UInt8] = []
    private var inputOpen: Bool
    /// A regular file, which epoll does not take: it can always be read.
    private var inputIsFile = false
    private var inputWatched = false
    private var outputOpen = true
    private var grace: EventLoop.Timer?
    private var end: End?
    private var failure: CommandError?

    init(_ stream: consuming HijackedStream, _ options: Options, waiting: ResponseStream?) throws(CommandError) {
        received = stream.received
        do {
            socket = try stream.socket.duplicate()
            loop = try EventLoop()
        } catch { throw .connection(doing: "attach", reason: error.description) }
        self.options = options
        self.waiting = waiting
        inputOpen = options.input
        scanner = options.detachKeys.map { DetachKeyScanner($0) }
    }

    /// Blocks the signals that `run` handles, so that none is lost between the start of the process and `run`.
    func watchSignals() throws(CommandError) {
        do {
            try loop.watch(signals: AttachedSession.signals) { [unowned self] signal in self.handle(signal: signal) }
        } catch { throw .terminal(error.description) }
    }

    /// Runs until the end; the terminal is raw meanwhile, and restored however it ends.
    func run() throws(CommandError) -> End {
        var raw: RawTerminal?
        if options.terminal && options.input && Terminal.isTerminal(STDIN_FILENO) {
            raw = try RawTerminal(STDIN_FILENO)
        }
        defer { _ = raw.take() }
        do {
            try socket.setNonblocking(true)
            try loop.add(socket.rawValue, .readable) { [unowned self] interest in
                self.guarded { () throws(CommandError) in try self.socketReady(interest) }
            }
            if let waiting {
                try loop.add(waiting.descriptor, .readable) { [unowned self] _ in
                    self.guarded { () throws(CommandError) in try self.answerReady() }
                }
            }
        } catch { throw .connection(doing: "attach", reason: error.description) }
        try show(received)
        try waiting?.drain()
        if waiting?.isAtEnd == true { startGrace() }
        try watchInput()
        while end == nil && failure == nil {
            do { try loop.turn(waitingAtMost: nil) } catch { throw .terminal(error.description) }
        }
        if let failure { throw failure }
        return end ?? .finished
    }

    private func guarded(_ body: () throws(CommandError) -> Void) {
        guard end == nil, failure == nil else { return }
        do throws(CommandError) { try body() } catch { failure = error }
    }

    private func handle(signal: Int32) {
        if signal == SIGWINCH {
            options.resize?()
        } else if let forward = options.forward {
            forward(signal)
        } else {
            end = .interrupted(signal: signal)
        }
    }

    // MARK: output

    private func socketReady(_ interest: EventLoop.Interest) throws(CommandError) {
        if interest.contains(.writable) { try sendUnsent() }
        guard interest.intersection([.readable, .hangUp, .error]) != [], outputOpen else { return }
        let result: ReadResult
        do { result = try socket.read(upTo: 64 << 10) } catch {
            throw .connection(doing: "read the container's output", reason: error.reason)
        }
        switch result {
        case .bytes(let bytes): try show(bytes)
        case .wouldBlock: break
        case .end:
            outputOpen = false
            loop.remove(socket.rawValue)
            if inputWatched { loop.remove(STDIN_FILENO) }
            inputOpen = false
            finishIfDone()
        }
    }

    private func show(_ bytes: [UInt8]) throws(CommandError) {
        guard !bytes.isEmpty else { return }
        if grace != nil { startGrace() }
        guard !options.terminal else { return try StandardStream.output.write(bytes) }
        for piece in try demultiplexer.feed(bytes) {
            switch piece.output {
            case .standardInput, .standardOutput: try StandardStream.output.write(piece.bytes)
            case .standardError, .system: try StandardStream.error.write(piece.bytes)
            }
        }
    }

    /// The answer to the request that waits for the end of the process.
    private func answerReady() throws(CommandError) {
        guard let waiting else { return }
        try waiting.poll()
        guard waiting.isAtEnd else { return }
        loop.remove(waiting.descriptor)
        startGrace()
        finishIfDone()
    }

    private func startGrace() {
        if let grace { loop.cancel(grace) }
        grace = loop.schedule(afterMilliseconds: AttachedSession.graceMilliseconds) { [unowned self] in
            self.end = .finished
        }
    }

    private func finishIfDone() {
        if !outputOpen, waiting.map({ $0.isAtEnd }) ?? true { end = .finished }
    }

    // MARK: input

    private func watchInput() throws(CommandError) {
        guard inputOpen, outputOpen, !inputWatched, unsent.isEmpty else { return }
        do throws(SystemError) {
            if inputIsFile {
                try loop.modify(socket.rawValue, [.readable, .writable])
            } else {
                try loop.add(STDIN_FILENO, .readable) { [unowned self] _ in
                    self.guarded { () throws(CommandError) in try self.takeInput() }
                }
                inputWatched = true
            }
        } catch {
            guard error.code == EPERM, !inputIsFile else { throw .terminal("read standard input: \(error.reason)") }
            inputIsFile = true
            try watchInput()
        }
    }

    private func takeInput() throws(CommandError) {
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        let count = read(STDIN_FILENO, &buffer, buffer.count)
        if count < 0 && (errno == EINTR || errno == EAGAIN) { return }
        if count <= 0 {
            inputOpen = false
        } else if scanner != nil, let (pass, detach) = scanner?.scan(Array(buffer[..<count])) {
            unsent += pass
            if detach { end = .detached }
        } else {
            unsent += buffer[..<count]
        }
        try sendUnsent()
    }

    /// Sends what was typed; while some of it is left, no more is read.
    private func sendUnsent() throws(CommandError) {
        guard outputOpen else { return }
        if unsent.isEmpty && inputIsFile && inputOpen { return try takeInput() }
        do throws(SystemError) {
            while !unsent.isEmpty {
                let count = try socket.write(unsent)
                if count == 0 { break }
                unsent.removeFirst(count)
            }
            if unsent.isEmpty && !inputOpen { try UnixSocket.shutdownWriting(socket) }
        } catch {
            // The process has gone or does not read: what it still says is to be shown all the same.
            unsent = []
            inputOpen = false
        }
        if inputWatched && (!unsent.isEmpty || !inputOpen) {
            loop.remove(STDIN_FILENO)
            inputWatched = false
        }
        let more = !unsent.isEmpty || (inputIsFile && inputOpen)
        do { try loop.modify(socket.rawValue, more ? [.readable, .writable] : .readable) } catch {
            throw .connection(doing: "attach", reason: error.description)
        }
        try watchInput()
    }
}
