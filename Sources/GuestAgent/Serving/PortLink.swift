internal import Linux
internal import Monitor
internal import Wire

/// Carries connections between the host and this agent over one virtio port: each becomes one end of a socket pair, so
/// that whoever serves it need not know how it came here.
final class PortLink {
    private final class Lane {
        var socket: Descriptor?
        var waiting: [UInt8] = []
        var finishing = false
        var leaving = false
        var inputEnded = false
        /// Nobody takes what comes for it any more.
        var isDeaf = false
        var watched: EventLoop.Interest?
        init(_ socket: consuming Descriptor) { self.socket = consume socket }
    }

    private let loop: EventLoop
    private let port: Descriptor
    private var multiplexer = Multiplexer(side: .guest)
    private var lanes: [UInt32: Lane] = [:]
    private var watchesRoom = false
    private let accept: (consuming Descriptor) -> Void
    private let whenLost: (String) -> Void

    /// Begins to use the port; the loop holds this object as long as it has the port. `accept` gets each connection's
    /// socket, `whenLost` the reason why the link is of no use.
    init(
        port: consuming Descriptor, in loop: EventLoop, accept: @escaping (consuming Descriptor) -> Void,
        whenLost: @escaping (String) -> Void
    ) throws(SystemError) {
        try port.setNonblocking(true)
        self.loop = loop
        self.port = consume port
        self.accept = accept
        self.whenLost = whenLost
        try loop.add(self.port.rawValue, .readable) { [self] happened in
            if !happened.isDisjoint(with: [.readable, .hangUp, .error]) { readPort() }
            pump()
        }
        pump()
    }

    // MARK: The port

    private func readPort() {
        do throws(SystemError) {
            guard case .bytes(let bytes) = try port.read(upTo: 64 << 10) else { return }
            let events: [Multiplexer.Event]
            do { events = try multiplexer.receive(bytes) } catch { return lose("\(error)") }
            for event in events { try take(event) }
        } catch {
            lose("\(error)")
        }
    }

    private func lose(_ reason: String) {
        loop.remove(port.rawValue)
        whenLost("the link to the host: \(reason)")
    }

    private func take(_ event: Multiplexer.Event) throws(SystemError) {
        switch event {
        case .ready: break
        case .opened(let number):
            let pair = try UnixSocket.pair()
            try pair.first.setNonblocking(true)
            lanes[number] = Lane(pair.first)
            accept(pair.second)
        case .data(let number, let bytes):
            guard let lane = lanes[number] else { return }
            guard !lane.isDeaf else { return multiplexer.consumed(bytes.count, on: number) }
            lane.waiting.append(contentsOf: bytes)
            flush(lane, number)
        case .finished(let number):
            guard let lane = lanes[number] else { return }
            lane.finishing = true
            flush(lane, number)
        case .closed(let number):
            guard let lane = lanes.removeValue(forKey: number) else { return }
            lane.leaving = true
            flush(lane, number)
        }
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
                watchesRoom = wantsRoom
                try loop.modify(port.rawValue, wantsRoom ? [.readable, .writable] : .readable)
            }
        } catch {
            whenLost("the link to the host: \(error)")
        }
    }

    private func pump() {
        writePort()
        for (number, lane) in lanes { watch(lane, number) }
    }

    // MARK: The sockets

    private func watch(_ lane: Lane, _ number: UInt32) {
        guard let socket = lane.socket?.rawValue else { return }
        var wanted: EventLoop.Interest = []
        if !lane.inputEnded && multiplexer.sendable(on: number) > 0 { wanted.insert(.readable) }
        if !lane.waiting.isEmpty { wanted.insert(.writable) }
        // With nothing to be done a hang-up would be reported again and again.
        let next: EventLoop.Interest? = wanted.isEmpty && !lane.inputEnded ? nil : wanted
        guard next != lane.watched else { return }
        do {
            switch (lane.watched, next) {
            case (_, nil): loop.remove(socket)
            case (nil, let next?): try loop.add(socket, next) { [self] in happened($0, lane, number) }
            case (_, let next?): try loop.modify(socket, next)
            }
            lane.watched = next
        } catch {
            end(lane, number)
        }
    }

    private func happened(_ what: EventLoop.Interest, _ lane: Lane, _ number: UInt32) {
        if what.contains(.writable) { flush(lane, number) }
        let hangUp = !what.isDisjoint(with: [.hangUp, .error])
        if what.contains(.readable) || (hangUp && !lane.inputEnded) {
            read(lane, number)
        } else if hangUp {
            end(lane, number)
        }
        pump()
    }

    private func read(_ lane: Lane, _ number: UInt32) {
        let room = multiplexer.sendable(on: number)
        guard room > 0 else { return }
        let result: ReadResult
        do { result = try lane.socket?.read(upTo: min(room, 64 << 10)) ?? .wouldBlock } catch { result = .end }
        switch result {
        case .bytes(let bytes): _ = multiplexer.send(bytes, on: number)
        case .end:
            lane.inputEnded = true
            if multiplexer.finish(number) {
                lanes[number] = nil
                lane.leaving = true
                flush(lane, number)
            }
        case .wouldBlock: break
        }
    }

    private func flush(_ lane: Lane, _ number: UInt32) {
        do {
            if !lane.waiting.isEmpty {
                let count = try lane.socket?.write(lane.waiting) ?? 0
                lane.waiting.removeFirst(count)
                multiplexer.consumed(count, on: number)
            }
            if lane.waiting.isEmpty && lane.leaving { return close(lane) }
            if lane.waiting.isEmpty && lane.finishing {
                lane.finishing = false
                if let number = lane.socket?.rawValue { PortLink.shutDown(number) }
            }
        } catch {
            // The agent's end is closed; what was sent over it before that is still to be read.
            multiplexer.consumed(lane.waiting.count, on: number)
            lane.waiting = []
            lane.isDeaf = true
            if lane.leaving { return close(lane) }
        }
        watch(lane, number)
    }

    private static func shutDown(_ number: Int32) {
        let socket = Descriptor(adopting: number)
        // One that has gone has nothing to be told.
        try? UnixSocket.shutdownWriting(socket)
        _ = socket.release()
    }

    /// The agent's end is closed: so is the connection, once the host has everything.
    private func end(_ lane: Lane, _ number: UInt32) {
        lanes[number] = nil
        multiplexer.reset(number)
        close(lane)
    }

    private func close(_ lane: Lane) {
        guard let socket = lane.socket.take() else { return }
        if lane.watched != nil { loop.remove(socket.rawValue) }
        lane.watched = nil
    }
}
