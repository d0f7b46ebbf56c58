/// The connections of one device: who is who, whose turn it is, and which are still free.
///
/// A pure value. A connection is known by its slot, a number below `capacity` that the guest never sees.
struct VsockTable {
    /// What a slot is used for.
    enum Use: BitwiseCopyable, Equatable {
        /// Nothing.
        case free
        /// A client of the host's has connected and not said to which port; until so many milliseconds.
        case greeting(until: Int64)
        /// A stream.
        case stream
        /// The guest has been told that it is over, and the host still has bytes to take.
        case lingering
    }

    private struct Slot: BitwiseCopyable {
        var use = Use.free
        var stream: VsockStream?
        var isQueued = false
        /// Counts its uses: an event of an earlier one is recognised by it.
        var generation: UInt32 = 0
    }

    /// The most connections at the same time.
    static let capacity = 1023
    /// Host ports of connections that the host asks for: from 2^30 up to 2^31.
    static let hostPorts: Range<UInt32> = 1 << 30..<1 << 31

    private var slots = [Slot](repeating: Slot(), count: capacity)
    private var free = [Int](0..<capacity)
    private var byPorts: [VsockPorts: Int] = [:]
    private var queue = [Int](repeating: 0, count: capacity)
    private var queueStart = 0
    private var queued = 0
    private var nextHostPort = hostPorts.lowerBound

    /// Without connections.
    init() {
        free.reverse()
        byPorts.reserveCapacity(VsockTable.capacity)
    }

    /// Connections at present.
    var count: Int { VsockTable.capacity - free.count }

    /// What a slot is used for.
    func use(of slot: Int) -> Use { slots[slot].use }

    /// The stream in a slot, nil if there is none. It is copied out and in, which is cheaper than what lends it: a coroutine
    /// has its frame on the heap where it is not inlined.
    subscript(slot: Int) -> VsockStream? {
        get { slots[slot].stream }
        set { slots[slot].stream = newValue }
    }

    /// Names a slot together with what it is used for now.
    func tag(of slot: Int) -> UInt64 { UInt64(slots[slot].generation) << 32 | UInt64(slot) }

    /// The slot of a tag, nil if it is not used for the same any more.
    func slot(tagged tag: UInt64) -> Int? {
        let slot = Int(tag & 0xFFFF_FFFF)
        guard slot < slots.count, slots[slot].use != .free, slots[slot].generation == UInt32(tag >> 32) else {
            return nil
        }
        return slot
    }

    /// The slot of the stream between two ports.
    func slot(of ports: VsockPorts) -> Int? { byPorts[ports] }

    /// A slot for a client that has not yet said what it wants; nil where all are in use.
    mutating func claim(until deadline: Int64) -> Int? {
        guard let slot = free.popLast() else { return nil }
        slots[slot].use = .greeting(until: deadline)
        slots[slot].generation &+= 1
        return slot
    }

    /// A host port by which a new stream to a port of the guest's is told from all others.
    mutating func chooseHostPort(for guest: UInt32) -> VsockPorts {
        while true {
            let ports = VsockPorts(guest: guest, host: nextHostPort)
            nextHostPort += 1
            if nextHostPort == VsockTable.hostPorts.upperBound { nextHostPort = VsockTable.hostPorts.lowerBound }
            // There are far more ports than connections.
            if byPorts[ports] == nil { return ports }
        }
    }

    /// Puts a stream, whose ports no other one has, into a claimed slot.
    mutating func start(_ stream: VsockStream, in slot: Int) {
        slots[slot].use = .stream
        slots[slot].stream = stream
        byPorts[stream.ports] = slot
    }

    /// The guest knows the stream no more; the slot stays in use until the host has taken everything.
    mutating func linger(_ slot: Int) {
        if let stream = slots[slot].stream.take() { byPorts[stream.ports] = nil }
        slots[slot].use = .lingering
    }

    /// Frees a slot.
    mutating func release(_ slot: Int) {
        guard slots[slot].use != .free else { return }
        if let stream = slots[slot].stream.take() { byPorts[stream.ports] = nil }
        slots[slot].use = .free
        free.append(slot)
    }

    /// Lets a slot have a turn after all others that wait for one; once, however often it is asked for.
    mutating func enqueue(_ slot: Int) {
        guard !slots[slot].isQueued else { return }
        slots[slot].isQueued = true
        queue[(queueStart + queued) % queue.count] = slot
        queued += 1
    }

    /// Whether anyone waits for a turn.
    var hasQueued: Bool { queued > 0 }

    /// Whose turn it is; nil if nobody waits.
    mutating func dequeue() -> Int? {
        guard queued > 0 else { return nil }
        let slot = queue[queueStart]
        queueStart = (queueStart + 1) % queue.count
        queued -= 1
        slots[slot].isQueued = false
        return slot
    }

    /// When a slot's patience ends, in milliseconds of the monotonic clock; nil where it waits for nothing.
    func deadline(of slot: Int) -> Int64? {
        switch slots[slot].use {
        case .greeting(let until): until
        case .stream: slots[slot].stream?.deadline
        case .free, .lingering: nil
        }
    }
}
