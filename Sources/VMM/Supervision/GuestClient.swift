internal import Linux

/// One connection of the guest socket: reads when there is room for it on the link, writes what the guest sends.
final class GuestClient {
    /// What happens on it.
    enum Event {
        /// It has bytes to read: call ``GuestClient/read(upTo:)`` with the room there is.
        case readable
        /// It has sent these.
        case bytes([UInt8])
        /// It sends no more.
        case ended
        /// It has taken so many bytes.
        case written(Int)
        /// It has gone.
        case broken
    }

    private let loop: EventLoop
    private var socket: Descriptor?
    private let report: (Event) -> Void
    private var pending: [UInt8] = []
    private var inputEnded = false
    private var finishing = false
    private var leaving = false
    private var reading = false
    private var watched: EventLoop.Interest?

    init(
        _ socket: consuming Descriptor, loop: EventLoop, report: @escaping (Event) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.report = report
        try socket.setNonblocking(true)
        self.socket = consume socket
    }

    /// Reads once and reports what came.
    func read(upTo room: Int) {
        guard let result = try? socket.reading(upTo: min(room, 64 << 10)) else { return report(.broken) }
        switch result {
        case .bytes(let bytes): report(.bytes(bytes))
        case .end:
            inputEnded = true
            report(.ended)
        case .wouldBlock: break
        }
    }

    /// Writes bytes of the guest, now or when there is room.
    func write(_ bytes: [UInt8]) {
        pending += bytes
        flush()
    }

    /// The guest sends no more: after what is pending, the client sees the end.
    func finishWriting() {
        finishing = true
        flush()
    }

    /// The connection is over: closes after what is pending. It stays alive by its handler in the loop until then.
    func closeWhenWritten() {
        leaving = true
        inputEnded = true
        if pending.isEmpty { close() } else { watch(reading: false) }
    }

    /// Closes at once.
    func close() {
        watched = nil
        guard let socket = socket.take() else { return }
        loop.remove(socket.rawValue)
    }

    /// Says whether there is room for what the client sends.
    func watch(reading: Bool) {
        self.reading = reading
        guard let number = socket.number else { return }
        let wanted = interest
        guard wanted != watched else { return }
        do {
            switch (watched, wanted) {
            case (nil, let wanted?): try loop.add(number, wanted) { happened in self.happened(happened) }
            case (_, let wanted?): try loop.modify(number, wanted)
            case (_, nil): loop.remove(number)
            }
            watched = wanted
        } catch {
            report(.broken)
        }
    }

    /// Nil where nothing can be done whatever happens: a hang-up would be reported again and again.
    private var interest: EventLoop.Interest? {
        var interest: EventLoop.Interest = []
        if reading && !inputEnded { interest.insert(.readable) }
        if !pending.isEmpty { interest.insert(.writable) }
        return interest.isEmpty && !inputEnded ? nil : interest
    }

    private func happened(_ interest: EventLoop.Interest) {
        if interest.contains(.writable) { flush() }
        if interest.contains(.readable) || (!interest.isDisjoint(with: [.hangUp, .error]) && !inputEnded) {
            report(.readable)
        } else if !interest.isDisjoint(with: [.hangUp, .error]) {
            leaving ? close() : report(.broken)
        }
    }

    private func flush() {
        guard !pending.isEmpty else { return settle() }
        guard let count = try? socket.writing(pending) else { return leaving ? close() : report(.broken) }
        pending.removeFirst(count)
        if count > 0 && !leaving { report(.written(count)) }
        settle()
    }

    private func settle() {
        if pending.isEmpty && leaving { return close() }
        if pending.isEmpty && finishing {
            finishing = false
            // A client that has gone has nothing to be told.
            try? socket.shuttingDown()
        }
        watch(reading: reading)
    }
}

extension Optional where Wrapped == Descriptor {
    fileprivate var number: Int32? {
        switch self {
        case .some(let descriptor): descriptor.rawValue
        case .none: nil
        }
    }

    fileprivate borrowing func reading(upTo count: Int) throws(SystemError) -> ReadResult {
        switch self {
        case .some(let descriptor): try descriptor.read(upTo: count)
        case .none: .wouldBlock
        }
    }

    fileprivate borrowing func writing(_ bytes: [UInt8]) throws(SystemError) -> Int {
        switch self {
        case .some(let descriptor): try descriptor.write(bytes)
        case .none: 0
        }
    }

    fileprivate borrowing func shuttingDown() throws(SystemError) {
        switch self {
        case .some(let descriptor): try UnixSocket.shutdownWriting(descriptor)
        case .none: ()
        }
    }
}
