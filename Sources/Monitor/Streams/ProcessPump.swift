internal import Glibc
package import ContainerRuntime
package import Linux
package import Wire

/// Whoever wants to know what a process puts out.
package protocol ProcessPumpDelegate: AnyObject {
    /// It has put out bytes.
    func put(out bytes: [UInt8], _ stream: Frame.Stream)
    /// Nothing more will come on this stream.
    func ended(_ stream: Frame.Stream)
    /// It has taken all the input that was written.
    func inputTaken()
}

/// Moves bytes between a process's standard streams and whoever is attached. Pipes are always read, unless whoever
/// gets the bytes can't keep up; buffers exist only while bytes are under way.
package final class ProcessPump {
    private static let readSize = 32 << 10

    /// Gets what the process puts out. Who holds the pump as well takes this back once the process has ended.
    package var delegate: (any ProcessPumpDelegate)?
    /// Whether it has a terminal: one stream, and an input that never ends.
    package let isTerminal: Bool
    private let loop: EventLoop
    private var input: Descriptor?
    private var output: Descriptor?
    private var error: Descriptor?
    private var reading: (output: Bool, error: Bool) = (false, false)
    private var wanted: (output: Bool, error: Bool) = (true, true)
    private var waiting: [UInt8] = []
    private var waitingPosition = 0
    private var watchingInput = false
    private var closingInput = false

    /// Takes our ends of the streams over; reading begins with ``begin()``.
    package init(_ streams: consuming ProcessStreams, terminal: Bool, in loop: EventLoop) throws(SystemError) {
        isTerminal = terminal
        self.loop = loop
        output = streams.output.take()
        error = streams.error.take()
        input = streams.input.take()
        if terminal, input == nil, let number = output?.rawValue { input = try Descriptor.duplicating(number) }
        if let number = output?.rawValue { try ProcessPump.setNonblocking(number) }
        if let number = error?.rawValue { try ProcessPump.setNonblocking(number) }
        if let number = input?.rawValue { try ProcessPump.setNonblocking(number) }
    }

    private static func setNonblocking(_ number: Int32) throws(SystemError) {
        let flags = fcntl(number, F_GETFL)
        guard flags >= 0, fcntl(number, F_SETFL, flags | O_NONBLOCK) >= 0 else { throw .last("fcntl") }
    }

    /// Whether it still has an output that has not ended.
    package var hasOutput: Bool { output != nil || error != nil }
    /// Whether input that was written has not been taken yet.
    package var hasWaitingInput: Bool { waitingPosition < waiting.count }
    /// The terminal, or nil.
    package var terminal: Int32? { isTerminal ? output?.rawValue : nil }

    /// Starts to read what it puts out.
    package func begin() {
        watch(.output)
        watch(.error)
    }

    /// Reads a stream, or lets the process wait once its pipe is full.
    package func setReading(_ stream: Frame.Stream, _ on: Bool) {
        if stream == .error { wanted.error = on } else { wanted.output = on }
        watch(stream)
    }

    private func watch(_ stream: Frame.Stream) {
        let number = stream == .error ? error?.rawValue : output?.rawValue
        let isWanted = stream == .error ? wanted.error : wanted.output
        let isWatched = stream == .error ? reading.error : reading.output
        guard let number, isWanted != isWatched else { return }
        if isWanted {
            // Only for want of memory in the kernel can this fail; then the stream is at its end for us.
            guard (try? loop.add(number, .readable, handler: { [self] _ in _ = read(stream) })) != nil else {
                return close(stream)
            }
        } else {
            loop.remove(number)
        }
        if stream == .error { reading.error = isWanted } else { reading.output = isWanted }
    }

    /// Reads once; false when nothing is there now or any more.
    private func read(_ stream: Frame.Stream) -> Bool {
        let result: ReadResult?
        do {
            result =
                try stream == .error
                ? error?.read(upTo: ProcessPump.readSize)
                : output?.read(upTo: ProcessPump.readSize)
        } catch {
            result = .end
        }
        switch result {
        case .bytes(let bytes): delegate?.put(out: bytes, stream)
        case .end: close(stream)
        case .wouldBlock, nil: return false
        }
        return true
    }

    private func close(_ stream: Frame.Stream) {
        let taken = stream == .error ? error.take() : output.take()
        guard let taken else { return }
        loop.remove(taken.rawValue)
        if stream == .error { reading.error = false } else { reading.output = false }
        delegate?.ended(stream)
    }

    /// After the process has ended: reads what it has left in the pipes, whoever can keep up or not, and ends both
    /// streams. What it has written is all there; a process that has got away and still holds a pipe is not waited for.
    package func drain() {
        for stream in [Frame.Stream.output, .error] {
            while read(stream) {}
            close(stream)
        }
        closeInputNow()
    }

    // MARK: Input

    /// Gives the process input; it may not take it all at once.
    package func write(_ bytes: [UInt8]) {
        guard input != nil, !closingInput, !bytes.isEmpty else { return }
        if waiting.isEmpty { waiting = bytes } else { waiting.append(contentsOf: bytes) }
        flushInput()
    }

    /// Ends its input once it has taken what was written. A terminal's input has no end.
    package func closeInput() {
        guard !isTerminal else { return }
        closingInput = true
        if !hasWaitingInput { closeInputNow() }
    }

    private func flushInput() {
        do {
            while hasWaitingInput, let taken = try input?.write(waiting.span.extracting(waitingPosition...)), taken > 0
            {
                waitingPosition += taken
            }
        } catch {
            // The process has closed its input: nobody will ever read this.
            waitingPosition = waiting.count
            closingInput = true
        }
        if hasWaitingInput {
            guard !watchingInput, let number = input?.rawValue else { return }
            watchingInput = true
            // Only for want of memory in the kernel can this fail; then the input ends.
            guard (try? loop.add(number, .writable, handler: { [self] _ in flushInput() })) != nil else {
                return closeInputNow()
            }
            return
        }
        waiting = []
        waitingPosition = 0
        if closingInput {
            closeInputNow()
        } else if watchingInput, let number = input?.rawValue {
            loop.remove(number)
            watchingInput = false
        }
        delegate?.inputTaken()
    }

    private func closeInputNow() {
        guard let taken = input.take() else { return }
        if watchingInput { loop.remove(taken.rawValue) }
        watchingInput = false
        waiting = []
        waitingPosition = 0
        closingInput = true
    }
}
