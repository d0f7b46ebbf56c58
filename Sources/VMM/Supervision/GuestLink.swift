internal import Linux
internal import Wire

/// Carries the connections of the guest socket, and the supervisor's own, over the one virtio port to the agent.
final class GuestLink {
    /// What the supervisor hears.
    enum News {
        /// A message of the agent on the supervisor's own connection.
        case message(Message)
        /// The link is of no use any more.
        case failed(String)
    }

    private let loop: EventLoop
    private let port: Descriptor
    private var multiplexer = Multiplexer(side: .host)
    private var clients: [UInt32: GuestClient] = [:]
    private var listener: Descriptor?
    private var own: UInt32?
    private var decoder = FrameDecoder()
    private var waiting: [UInt8] = []
    private var watchesRoom = false
    private var lost = false
    private let report: (News) -> Void

    /// Begins to use the port; `report` is called from the loop.
    init(port: consuming Descriptor, loop: EventLoop, report: @escaping (News) -> Void) throws(SystemError) {
        self.loop = loop
        self.port = port
        self.report = report
        try self.port.setNonblocking(true)
        own = multiplexer.open()
        try loop.add(self.port.rawValue, .readable) { [unowned self] happened in
            if happened.contains(.writable) { writePort() }
            if !happened.isDisjoint(with: [.readable, .hangUp, .error]) { readPort() }
            pump()
        }
    }

    /// Accepts connections to the agent at this socket.
    func accept(on listener: consuming Descriptor) throws(SystemError) {
        try listener.setNonblocking(true)
        try loop.add(listener.rawValue, .readable) { [unowned self] _ in acceptAll() }
        self.listener = consume listener
    }

    /// Sends a request to the agent on the supervisor's own connection; it waits until the agent is there.
    func send(_ request: Request, number: UInt32) {
        waiting += Frame.message(.request(number, request)).encoded
        pump()
    }

    /// Ends every connection: their clients see the end.
    func close() {
        if let listener = listener.take() { loop.remove(listener.rawValue) }
        loop.remove(port.rawValue)
        for client in clients.values { client.close() }
        clients = [:]
        lost = true
    }

    private func acceptAll() {
        do {
            while let socket = try listener.accepting() {
                guard !lost, let number = multiplexer.open() else { continue }
                clients[number] = try GuestClient(socket, loop: loop) { [unowned self] event in
                    handle(event, of: number)
                }
            }
        } catch {
            Console.print("a connection to the guest: \(error)")
            if let number = listener.number { loop.pause(number) }
        }
        pump()
    }

    private func readPort() {
        do {
            switch try port.read(upTo: 64 << 10) {
            case .bytes(let bytes): for event in try multiplexer.receive(bytes) { take(event) }
            case .end: fail("the hypervisor closed the agent's port")
            case .wouldBlock: break
            }
        } catch let error as WireError {
            fail("the guest's agent broke the protocol: \(error)")
        } catch {
            fail("the agent's port: \(error)")
        }
    }

    private func fail(_ reason: String) {
        guard !lost else { return }
        close()
        report(.failed(reason))
    }

    private func take(_ event: Multiplexer.Event) {
        switch event {
        case .ready, .opened: break
        case .data(let number, let bytes):
            if number == own {
                multiplexer.consumed(bytes.count, on: number)
                hear(bytes)
            } else {
                clients[number]?.write(bytes)
            }
        case .finished(let number): clients[number]?.finishWriting()
        case .closed(let number):
            if number == own { openOwn() }
            // What the client has not taken yet is still written to it.
            clients.removeValue(forKey: number)?.closeWhenWritten()
        }
    }

    /// The agent has been started again: what it was asked before is void.
    private func openOwn() {
        own = multiplexer.open()
        decoder = FrameDecoder()
        waiting = []
    }

    private func hear(_ bytes: [UInt8]) {
        decoder.feed(bytes)
        do {
            while let frame = try decoder.next() {
                if case .message(let message) = frame { report(.message(message)) }
            }
        } catch {
            fail("the guest's agent broke the protocol: \(error)")
        }
    }

    private func handle(_ event: GuestClient.Event, of number: UInt32) {
        switch event {
        case .readable:
            let room = multiplexer.sendable(on: number)
            if room > 0 { clients[number]?.read(upTo: room) }
        case .bytes(let bytes): _ = multiplexer.send(bytes, on: number)
        case .ended: if multiplexer.finish(number) { clients.removeValue(forKey: number)?.closeWhenWritten() }
        case .written(let count): multiplexer.consumed(count, on: number)
        case .broken:
            multiplexer.reset(number)
            clients.removeValue(forKey: number)?.close()
        }
        pump()
    }

    /// Moves what can be moved: own requests, then the multiplexer's output; then watches those who may go on.
    private func pump() {
        guard !lost else { return }
        if !waiting.isEmpty, let own { waiting.removeFirst(multiplexer.send(waiting, on: own)) }
        writePort()
        guard !lost else { return }
        for (number, client) in clients { client.watch(reading: multiplexer.sendable(on: number) > 0) }
    }

    private func writePort() {
        do {
            while multiplexer.waitingOutput > 0 {
                let bytes = multiplexer.takeOutput()
                let count = try port.write(bytes)
                if count < bytes.count {
                    multiplexer.putBack(Array(bytes[count...]))
                    break
                }
            }
            let wantsRoom = multiplexer.waitingOutput > 0
            if wantsRoom != watchesRoom {
                try loop.modify(port.rawValue, wantsRoom ? [.readable, .writable] : .readable)
                watchesRoom = wantsRoom
            }
        } catch {
            fail("the agent's port: \(error)")
        }
    }
}

extension EventLoop {
    /// A listening socket whose clients can't be accepted (too many descriptors) is left alone for a while: they wait in its
    /// queue, and that would be told again and again.
    func pause(_ listener: Int32) {
        // It is watched; by then it may not be any more.
        try? modify(listener, [])
        schedule(afterMilliseconds: 100) { [unowned self] in try? modify(listener, .readable) }
    }
}

extension Optional where Wrapped == Descriptor {
    fileprivate var number: Int32? {
        switch self {
        case .some(let descriptor): descriptor.rawValue
        case .none: nil
        }
    }

    /// The next connection, if this is a listening socket that has one.
    fileprivate borrowing func accepting() throws(SystemError) -> Descriptor? {
        switch self {
        case .some(let listener): try UnixSocket.accept(listener)
        case .none: nil
        }
    }
}
