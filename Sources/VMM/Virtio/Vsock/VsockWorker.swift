internal import Linux

/// What the socket device does on its I/O thread: moves packets between the guest's queues and the host's sockets.
///
/// ```
///  guest ── tx queue ──► transmit ──► stream ──► socket (what it has no room for waits in the link)
///  guest ◄─ rx queue ─── receive ◄── whose turn it is: refusals first, then each stream that has something, in a circle
/// ```
/// Confined to its thread once it is started.
final class VsockWorker: @unchecked Sendable {
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

    /// Bytes of a stream that wait for the host at most: four of the largest packets that Linux sends, and what it has
    /// room for itself. With two of them there were half as many interrupts again, in the tests' rig.
    static let room: UInt32 = 256 << 10
    /// Milliseconds that a client of the host's has to say which port it wants.
    static let greetingPatience: Int64 = 30_000
    /// Milliseconds after which what had no room is tried again.
    static let pause: Int64 = 250
    /// Packets of the guest's that are taken before it is given some.
    static let batch = 64

    let counters = VsockCounters()
    let guestContext: UInt64
    let path: String?
    let listener: Descriptor?
    var events: EventSet
    var table = VsockTable()
    var links: [1023 of VsockLink?]
    var resets = VsockResets()
    var session: Session?
    var incoming = DescriptorChain()
    var outgoing = DescriptorChain()
    var buffers = VsockBufferBatch()
    var adopted: [(socket: Int32, port: UInt32)] = []
    var hasClients = false
    private var source: IOLoop.Source?
    private var alarm: IOTimer?
    /// What the alarm was last set to, in milliseconds of the monotonic clock.
    private var alarmTime: Int64 = 0
    /// When `expire` is to look next, in milliseconds of the monotonic clock.
    var nextExpiry = Int64.max

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

    /// Begins to be called on the thread of this loop.
    func start(on loop: IOLoop) throws(SystemError) {
        alarm = try loop.timer { [unowned self] in turn() }
        source = try loop.add(events.number, .readable) { [unowned self] _ in turn() }
    }

    /// Is called no more.
    func stop(on loop: IOLoop) {
        end()
        if let source { loop.remove(source) }
        if let alarm { loop.remove(alarm) }
    }

    // MARK: The driver

    /// The driver is ready.
    func begin(_ session: consuming Session) throws(VirtioError) {
        do throws(SystemError) {
            try events.add(session.notifications[0], .readable, tag: Tag.receiveQueue)
            try events.add(session.notifications[1], .readable, tag: Tag.transmitQueue)
        } catch {
            for notification in session.notifications { events.remove(notification) }
            throw VirtioError("vsock: \(error)")
        }
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
    func turn() {
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
        setAlarm(unfinished ? now : nextExpiry, now: now)
    }

    /// The next turn is at that time, if nothing happens before; one that was to be earlier stays.
    private func setAlarm(_ time: Int64, now: Int64) {
        guard time != .max, alarmTime <= now || time < alarmTime else { return }
        alarmTime = time
        alarm?.set(nanoseconds: UInt64(max(time &- now, 0)) &* 1_000_000)
    }

    func handle(_ event: (tag: UInt64, happened: EventSet.Happened), now: Int64) {
        switch event.tag {
        case Tag.receiveQueue, Tag.transmitQueue: break
        case Tag.listener: hasClients = true
        default:
            guard let slot = table.slot(tagged: event.tag) else { return }
            handle(event.happened, of: slot, now: now)
        }
    }

    func handle(_ happened: EventSet.Happened, of slot: Int, now: Int64) {
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
    func rouse(_ slot: Int) {
        table.enqueue(slot)
        if let deadline = table[slot]?.deadline { nextExpiry = min(nextExpiry, deadline) }
    }

    /// Moves packets both ways until nothing is left to move; true if there is more, and others shall have a turn first.
    func serve(now: Int64) -> Bool {
        for _ in 0..<8 {
            do throws(VirtioError) {
                let moreToTake = try transmit(now: now)
                let moreToGive = try receive(now: now)
                publish()
                if !moreToTake && !moreToGive { return false }
            } catch {
                fail(error)
                return false
            }
        }
        return true
    }

    /// Shows the driver what was completed in both queues: one interrupt tells of both.
    private func publish() {
        let sent = session?.transmitting.publish() == true
        let received = session?.receiving.publish() == true
        if sent || received { session?.interrupt.raise(.queue) }
    }

    func fail(_ error: VirtioError) {
        session?.interrupt.fail(error)
        end()
    }
}
