internal import Linux

/// What the socket device does on its I/O thread: moves packets between the guest's queues and the host's sockets.
///
/// ```
///  guest ── tx queue ──► transmit ──► stream ──► socket (what it has no room for waits in the link)
///  guest ◄─ rx queue ─── receive ◄── whose turn it is: refusals first, then each stream that has something, in a circle
/// ```
/// Nothing here is called from another thread, except where it is said.
final class VsockWorker {
    /// Tags of events that are no connection's; those have a slot number in their low half.
    private enum Tag {
        static let receiveQueue: UInt64 = 0xFFFF_FFFF
        static let transmitQueue: UInt64 = 0xFFFF_FFFE
        static let listener: UInt64 = 0xFFFF_FFFD
    }
    /// What the device has while its driver is ready.
    struct Session: ~Copyable {
        var receiving: VirtQueue
        var transmitting: VirtQueue
        let interrupt: VirtioInterrupt
        let notifications: [Int32]
    }

    /// Bytes of a stream that wait for the host at most: two of the largest packets that Linux sends.
    static let room: UInt32 = 128 << 10
    /// Milliseconds that a client of the host's has to say which port it wants.
    static let greetingPatience: Int64 = 30_000
    /// Milliseconds after which what had no room is tried again.
    private static let pause: Int64 = 250
    /// Packets of the guest's that are taken before it is given some.
    private static let batch = 64

    let counters = VsockCounters()
    private let guestContext: UInt64
    private let path: String?
    private let listener: Descriptor?
    private var events: EventSet
    private var table = VsockTable()
    private var links: [1023 of VsockLink?]
    private var resets = VsockResets()
    private var session: Session?
    private var incoming = DescriptorChain()
    private var outgoing = DescriptorChain()
    private var payload = GatheredSegments()
    private var adopted: [(socket: Int32, port: UInt32)] = []
    private var hasClients = false
    /// When `expire` is to look next, in milliseconds of the monotonic clock.
    private var nextExpiry = Int64.max

    /// - Parameters:
    ///   - path: where the guest's connections to host ports go: `<path>_<port>`; nil if it may not connect.
    ///   - listener: a listening socket for clients of the host's.
    init(guestContext: UInt64, path: String?, listener: consuming Descriptor?) throws(SystemError) {
        self.guestContext = guestContext
        self.path = path
        events = try EventSet()
        links = InlineArray { _ in nil }
        if let listener {
            try listener.setNonblocking(true)
            try events.add(listener.rawValue, .readable, tag: Tag.listener)
            self.listener = consume listener
        } else {
            self.listener = nil
        }
    }

    deinit { for waiting in adopted { _ = Descriptor(adopting: waiting.socket) } }

    /// To be watched for reading; then `turn` is to be called.
    var number: Int32 { events.number }

    // MARK: The driver

    /// The driver is ready.
    func begin(_ session: consuming Session) throws(SystemError) {
        try events.add(session.notifications[0], .readable, tag: Tag.receiveQueue)
        try events.add(session.notifications[1], .readable, tag: Tag.transmitQueue)
        self.session = consume session
        hasClients = true
        turn()
    }

    /// Lets go of the queues. Streams end: the driver does not know them any more.
    func end() {
        guard let session = session.take() else { return }
        for notification in session.notifications.prefix(2) { events.remove(notification) }
        resets = VsockResets()
        for slot in 0..<VsockTable.capacity {
            switch table.use(of: slot) {
            case .stream, .greeting: close(slot)
            case .free, .lingering: break
            }
        }
    }

    /// Connects one end of a pair of sockets to a port of the guest's, as soon as the driver is ready.
    func connect(_ socket: consuming Descriptor, to port: UInt32) {
        adopted.append((socket.release(), port))
        if session != nil { turn() }
    }

    // MARK: Turns

    /// Handles what has happened, and moves what can be moved.
    ///
    /// - Returns: milliseconds of the monotonic clock at which `turn` is to be called if nothing has happened before;
    ///   0 for at once, nil for never.
    @discardableResult
    func turn() -> Int64? {
        let now = Clock.monotonicMilliseconds
        var count = 0
        repeat {
            count = events.take()
            for index in 0..<count { handle(events.event(index), now: now) }
        } while count == EventSet.most
        if session != nil {
            if hasClients { acceptClients(now: now) }
            adoptWaiting(now: now)
        }
        var unfinished = serve(now: now)
        if now >= nextExpiry {
            expire(now: now)
            if resets.count > 0 { unfinished = serve(now: now) || unfinished }
        }
        return unfinished ? 0 : nextExpiry == .max ? nil : nextExpiry
    }

    private func handle(_ event: (tag: UInt64, happened: EventSet.Happened), now: Int64) {
        switch event.tag {
        case Tag.receiveQueue, Tag.transmitQueue: break
        case Tag.listener: hasClients = true
        default:
            guard let slot = table.slot(tagged: event.tag) else { return }
            handle(event.happened, of: slot, now: now)
        }
    }

    private func handle(_ happened: EventSet.Happened, of slot: Int, now: Int64) {
        let arrived = !happened.isDisjoint(with: .readable)
        switch table.use(of: slot) {
        case .free: return
        case .greeting:
            if arrived || happened.contains(.gone) { greet(slot, now: now) }
            return
        case .stream:
            if happened.contains(.writable) { flush(slot, now: now) }
            if arrived { table[slot]?.isReadable = true }
            if !happened.isDisjoint(with: .gone), let effect = table[slot]?.hangUp(now: now) {
                perform(effect, slot)
            }
            if table[slot] != nil { rouse(slot) }
        case .lingering:
            if !happened.isDisjoint(with: .gone) { return close(slot) }
            if happened.contains(.writable) { flush(slot, now: now) }
        }
    }

    /// Lets a stream have a turn, and remembers that it waits for something.
    private func rouse(_ slot: Int) {
        table.enqueue(slot)
        if let deadline = table[slot]?.deadline { nextExpiry = min(nextExpiry, deadline) }
    }
}

// MARK: - Clients of the host's

extension VsockWorker {
    private func acceptClients(now: Int64) {
        hasClients = false
        do throws(SystemError) {
            while let socket = try nextClient() {
                // Beyond the limit a client sees the end at once.
                guard let slot = table.claim(until: now &+ VsockWorker.greetingPatience) else { continue }
                _ = attach(socket, slot, isToldOfAcceptance: true)
                nextExpiry = min(nextExpiry, now &+ VsockWorker.greetingPatience)
            }
        } catch {
            // Too many open files, perhaps: the rest of the clients wait for a better time.
            Console.print("vsock: a client of the host's: \(error)")
            hasClients = true
            nextExpiry = min(nextExpiry, now &+ VsockWorker.pause)
        }
    }

    private func nextClient() throws(SystemError) -> Descriptor? {
        switch listener {
        case .some(let listener): try UnixSocket.accept(listener)
        case .none: nil
        }
    }

    private func adoptWaiting(now: Int64) {
        guard !adopted.isEmpty else { return }
        for (socket, port) in adopted {
            let socket = Descriptor(adopting: socket)
            guard let slot = table.claim(until: now) else { continue }
            if attach(socket, slot, isToldOfAcceptance: false) { ask(slot, port: port, now: now) }
        }
        adopted = []
    }

    /// Puts a socket into a claimed slot and watches it; false, and the slot free again, if the kernel refuses.
    private func attach(_ socket: consuming Descriptor, _ slot: Int, isToldOfAcceptance: Bool) -> Bool {
        do throws(SystemError) {
            let link = try VsockLink(socket, isToldOfAcceptance: isToldOfAcceptance)
            try events.add(link.number, [.readable, .writable], tag: table.tag(of: slot))
            links[slot] = consume link
            counters.opened()
            return true
        } catch {
            Console.print("vsock: \(error)")
            table.release(slot)
            return false
        }
    }

    private func greet(_ slot: Int, now: Int64) {
        switch links[slot]?.takeGreeting() {
        case .some(.complete(let port, _)): ask(slot, port: port, now: now)
        case .some(.incomplete): break
        case .some(.malformed), .none: close(slot)
        }
    }

    private func ask(_ slot: Int, port: UInt32, now: Int64) {
        let ports = table.chooseHostPort(for: port)
        var stream = VsockStream(asking: ports, room: VsockWorker.room, now: now)
        // What came behind the line is not told again.
        stream.isReadable = true
        table.start(stream, in: slot)
        rouse(slot)
    }

    /// Ends what has waited for too long.
    private func expire(now: Int64) {
        // A client that could not be accepted, and a refusal that had no room, are tried again soon.
        var next = hasClients && session != nil ? now &+ VsockWorker.pause : .max
        for slot in 0..<VsockTable.capacity {
            guard let deadline = table.deadline(of: slot) else { continue }
            if deadline > now {
                next = min(next, deadline)
            } else if let stream = table[slot] {
                guard resets.append(.reset(stream.ports, guestContext: guestContext)) else {
                    next = min(next, now &+ VsockWorker.pause)
                    continue
                }
                if links[slot]?.hasBacklog == true { table.linger(slot) } else { close(slot) }
            } else {
                close(slot)
            }
        }
        nextExpiry = next
    }

    private func close(_ slot: Int) {
        guard table.use(of: slot) != .free else { return }
        table.release(slot)
        // The last descriptor of its socket: it leaves the watched set by itself.
        if links[slot].take() != nil { counters.closed() }
    }
}

// MARK: - Packets

extension VsockWorker {
    /// Moves packets both ways until nothing is left to move; true if there is more, and others shall have a turn first.
    private func serve(now: Int64) -> Bool {
        for _ in 0..<8 {
            do throws(VirtioError) {
                let moreToTake = try transmit(now: now)
                let moreToGive = try receive(now: now)
                if !moreToTake && !moreToGive { return false }
            } catch {
                fail(error)
                return false
            }
        }
        return true
    }

    private func fail(_ error: VirtioError) {
        Console.print("vsock: \(error)")
        session?.interrupt.raise(.configuration)
    }

    /// Takes packets of the guest's; true if there are more.
    private func transmit(now: Int64) throws(VirtioError) -> Bool {
        guard session != nil else { return false }
        var more = false
        var left = VsockWorker.batch
        while resets.hasRoom {
            if left == 0 {
                more = true
                break
            }
            guard try session?.transmitting.next(into: &outgoing) == true else {
                if session?.transmitting.enableNotifications() == true { continue }
                break
            }
            left -= 1
            take(now: now)
            session?.transmitting.complete(outgoing.head, written: 0)
        }
        if session?.transmitting.publish() == true { session?.interrupt.raise(.queue) }
        return more
    }

    /// Takes the packet in `outgoing`.
    private func take(now: Int64) {
        // A packet that has no header, or is not between this guest and the host, is nobody's.
        guard let header = outgoing.readable.take(VsockHeader.self), header.sourceContext == guestContext,
            header.destinationContext == VsockHeader.hostContext
        else { return counters.dropped() }
        let ports = VsockPorts(guest: header.sourcePort, host: header.destinationPort)
        let carries = header.operation == VsockOperation.data.rawValue
        guard header.type == VsockHeader.stream, !carries || Int(header.length) <= outgoing.readable.bytes else {
            refuse(header, ports)
            return
        }
        guard let slot = table.slot(of: ports), let effect = table[slot]?.receive(header, now: now) else {
            if header.operation == VsockOperation.request.rawValue, connect(header) { return }
            refuse(header, nil)
            return
        }
        if effect == .deliver {
            _ = outgoing.readable.keep(first: Int(header.length))
            deliver(to: slot, now: now)
        } else {
            perform(effect, slot)
        }
        if table[slot] != nil { rouse(slot) }
    }

    /// Answers with RST; the stream that the packet belongs to ends.
    private func refuse(_ header: VsockHeader, _ ports: VsockPorts?) {
        counters.dropped()
        if let ports, let slot = table.slot(of: ports) { close(slot) }
        // There is room, or the packet had not been taken.
        if let refusal = header.refusal(guestContext: guestContext) { _ = resets.append(refusal) }
    }

    /// The guest asks for a connection; false if there is nobody at that port.
    private func connect(_ header: VsockHeader) -> Bool {
        guard let path, let slot = table.claim(until: 0) else { return false }
        guard let socket = VsockWorker.dial("\(path)_\(header.destinationPort)"),
            attach(socket, slot, isToldOfAcceptance: false)
        else {
            table.release(slot)
            return false
        }
        table.start(VsockStream(accepting: header, room: VsockWorker.room), in: slot)
        rouse(slot)
        return true
    }

    private static func dial(_ path: String) -> Descriptor? {
        // Whoever does not listen, or has no room for one more, is not there.
        try? UnixSocket.connect(path, .stream, nonblocking: true)
    }

    private func deliver(to slot: Int, now: Int64) {
        counters.sent(outgoing.readable.bytes)
        let passed = links[slot]?.write(outgoing.readable, room: Int(VsockWorker.room)) ?? .nobody
        account(passed, slot, now: now)
    }

    private func flush(_ slot: Int, now: Int64) {
        guard links[slot]?.hasBacklog == true, let passed = links[slot]?.flush() else { return }
        if case .lingering = table.use(of: slot) {
            if passed == .nobody || links[slot]?.hasBacklog == false { close(slot) }
        } else {
            account(passed, slot, now: now)
        }
    }

    private func account(_ passed: VsockLink.Passed, _ slot: Int, now: Int64) {
        switch passed {
        case .bytes(let count):
            // Never more than the stream's room.
            perform(table[slot]?.forwarded(UInt32(truncatingIfNeeded: count)) ?? .nothing, slot)
        case .nobody:
            links[slot]?.dropBacklog()
            perform(table[slot]?.stopsTaking(now: now) ?? .nothing, slot)
        }
    }

    private func perform(_ effect: VsockStream.Effect, _ slot: Int) {
        switch effect {
        case .nothing, .deliver: break
        case .accepted:
            guard let ports = table[slot]?.ports, links[slot]?.isToldOfAcceptance == true else { return }
            if links[slot]?.tellAcceptance(hostPort: ports.host) != true { reset(slot, ports) }
        case .stopReading: links[slot]?.end(reading: true, writing: false)
        case .finishWriting: links[slot]?.end(reading: false, writing: true)
        case .stopReadingAndFinishWriting: links[slot]?.end(reading: true, writing: true)
        case .close: close(slot)
        case .reset: if let ports = table[slot]?.ports { reset(slot, ports) }
        }
    }

    private func reset(_ slot: Int, _ ports: VsockPorts) {
        // Where there is no room, the guest learns it by its next packet, which nobody knows any more.
        _ = resets.append(.reset(ports, guestContext: guestContext))
        close(slot)
    }
}

// MARK: - To the guest

extension VsockWorker {
    /// Gives the guest packets as long as it has buffers; true if there are more.
    private func receive(now: Int64) throws(VirtioError) -> Bool {
        guard session != nil else { return false }
        var left = VsockWorker.batch
        var more = false
        while resets.count > 0 || table.hasQueued {
            if left == 0 {
                more = true
                break
            }
            guard try session?.receiving.next(into: &incoming) == true else {
                if session?.receiving.enableNotifications() == true { continue }
                break
            }
            left -= 1
            guard incoming.writable.bytes > VsockHeader.size else {
                session?.receiving.complete(incoming.head, written: 0)
                counters.dropped()
                continue
            }
            switch fill(now: now) {
            case .written(let count): session?.receiving.complete(incoming.head, written: count)
            case .nothing: session?.receiving.putBack()
            }
        }
        if session?.receiving.publish() == true { session?.interrupt.raise(.queue) }
        return more
    }

    private enum Filled {
        case written(Int)
        case nothing
    }

    /// Fills the buffer in `incoming` with one packet.
    private func fill(now: Int64) -> Filled {
        if let header = resets.popFirst() {
            incoming.writable.store(header)
            return .written(VsockHeader.size)
        }
        while let slot = table.dequeue() {
            switch table[slot]?.turn {
            case .none, .some(.nothing): continue
            case .some(.packet(let operation)):
                guard let header = table[slot]?.header(operation, guestContext: guestContext) else { continue }
                incoming.writable.store(header)
                rouse(slot)
                return .written(VsockHeader.size)
            case .some(.data(let most)): return fill(from: slot, atMost: most, now: now)
            }
        }
        return .nothing
    }

    private func fill(from slot: Int, atMost most: UInt32, now: Int64) -> Filled {
        payload.removeAll()
        payload.append(incoming.writable, from: VsockHeader.size, atMost: Int(most))
        switch links[slot]?.read(into: payload) ?? .end {
        case .bytes(let count):
            let length = UInt32(truncatingIfNeeded: count)
            guard let header = table[slot]?.header(.data, length: length, guestContext: guestContext) else { break }
            counters.received(count)
            incoming.writable.store(header)
            rouse(slot)
            return .written(VsockHeader.size + count)
        case .nothing:
            table[slot]?.isReadable = false
            rouse(slot)
        case .end:
            perform(table[slot]?.readToEnd(now: now) ?? .nothing, slot)
            if table[slot] != nil { rouse(slot) }
        }
        return .nothing
    }
}
