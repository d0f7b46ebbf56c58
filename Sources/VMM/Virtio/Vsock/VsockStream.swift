/// One stream between a port of the guest's and a port of the host's: what has been agreed, and what is owed.
///
/// A pure value: packets and what happens at the host's socket go in, packets and effects on that socket come out.
///
/// ```
///  host asks  ─► connecting ──response──► open ──both halves of the guest──► draining ──all taken──► RST, gone
///  guest asks ──────────────────────────►  │
///                                          └──both halves of the host──► closing ──RST of the guest──► gone
/// ```
/// `connecting`, `draining` and `closing` have a time limit, at which the guest gets RST.
struct VsockStream: BitwiseCopyable, Sendable {
    /// How far it is.
    enum Phase: BitwiseCopyable, Equatable, Sendable {
        /// The guest has been asked and has not answered; until so many milliseconds of the monotonic clock.
        case connecting(until: Int64)
        /// Payload may travel.
        case open
        /// The guest has ended both directions; the host has not taken everything yet.
        case draining(until: Int64)
        /// The host has ended both directions; the guest is to agree.
        case closing(until: Int64)
    }

    /// What is to happen at the host's socket.
    enum Effect: Equatable, Sendable {
        /// Nothing.
        case nothing
        /// The guest has accepted: tell who asked.
        case accepted
        /// The packet's payload is for the host.
        case deliver
        /// The guest will not receive any more: the host need not write.
        case stopReading
        /// Everything that the guest had to say has been taken: the host sees the end.
        case finishWriting
        /// Both of the above.
        case stopReadingAndFinishWriting
        /// It is over: close the socket.
        case close
        /// It is over: answer with RST and close the socket.
        case reset
    }

    private struct Owed: OptionSet, BitwiseCopyable, Sendable {
        let rawValue: UInt8
        static let request = Owed(rawValue: 1)
        static let response = Owed(rawValue: 2)
        static let creditUpdate = Owed(rawValue: 4)
        static let shutdown = Owed(rawValue: 8)
        static let creditRequest = Owed(rawValue: 16)
    }

    /// Milliseconds that the guest has to answer a request, and that either side has to agree to an end.
    static let patience: Int64 = 2000

    /// Its name.
    let ports: VsockPorts
    /// How far it is.
    private(set) var phase: Phase
    /// How much may travel.
    private(set) var credit: VsockCredit
    /// What the guest will not do any more.
    private(set) var guestEnded: VsockHalves = []
    /// What the host will not do any more.
    private(set) var hostEnded: VsockHalves = []
    private var owed: Owed
    private var askedForCredit = false
    private var hasHungUp = false
    /// Whether the host's socket may have something to read.
    var isReadable = false

    /// The host asks for a stream to a port of the guest's.
    init(asking ports: VsockPorts, room: UInt32, now: Int64) {
        self.ports = ports
        phase = .connecting(until: now &+ VsockStream.patience)
        credit = VsockCredit(allocated: room)
        owed = .request
    }

    /// The guest asks with REQUEST, and the host's socket is connected.
    init(accepting header: VsockHeader, room: UInt32) {
        ports = VsockPorts(guest: header.sourcePort, host: header.destinationPort)
        phase = .open
        credit = VsockCredit(allocated: room)
        credit.hear(header)
        owed = .response
    }

    /// When its patience ends, in milliseconds of the monotonic clock; nil where it waits for nothing.
    var deadline: Int64? {
        switch phase {
        case .connecting(let until), .draining(let until), .closing(let until): until
        case .open: nil
        }
    }
}

// MARK: - From the guest

extension VsockStream {
    /// Takes a packet of this stream.
    mutating func receive(_ header: VsockHeader, now: Int64) -> Effect {
        guard let operation = VsockOperation(rawValue: header.operation) else { return .reset }
        credit.hear(header)
        if credit.sendable > 0 { askedForCredit = false }
        switch (phase, operation) {
        case (_, .reset): return .close
        case (_, .request): return .reset
        case (.connecting, .response):
            phase = .open
            return .accepted
        case (.connecting, _), (.draining, .data): return .reset
        case (_, .response), (_, .creditUpdate): return .nothing
        case (_, .creditRequest):
            owed.insert(.creditUpdate)
            return .nothing
        case (_, .data): return receiveData(header.length)
        case (_, .shutdown): return end(VsockHalves(rawValue: header.flags).intersection(.both), now: now)
        }
    }

    private mutating func receiveData(_ count: UInt32) -> Effect {
        guard !guestEnded.contains(.sending), credit.receive(count) else { return .reset }
        if !hostEnded.contains(.receiving) { return count > 0 ? .deliver : .nothing }
        // Sent before the guest has heard of the host's end: nobody is there to take it.
        credit.forward(count)
        return .nothing
    }

    private mutating func end(_ halves: VsockHalves, now: Int64) -> Effect {
        let new = halves.subtracting(guestEnded)
        guestEnded.formUnion(halves)
        if guestEnded == .both {
            if credit.held == 0 { return .reset }
            if phase == .open { phase = .draining(until: now &+ VsockStream.patience) }
        } else if hasHungUp, guestEnded.contains(.receiving) {
            // What the host had sent before it went is of no use any more.
            return hostEnds(.both, now: now)
        }
        let finishes = new.contains(.sending) && credit.held == 0
        switch (new.contains(.receiving), finishes) {
        case (true, true): return .stopReadingAndFinishWriting
        case (true, false): return .stopReading
        case (false, true): return .finishWriting
        case (false, false): return .nothing
        }
    }
}

// MARK: - From the host

extension VsockStream {
    /// The host has taken bytes of the guest's.
    mutating func forwarded(_ count: UInt32) -> Effect {
        credit.forward(count)
        if credit.needsReport { owed.insert(.creditUpdate) }
        guard credit.held == 0 else { return .nothing }
        if case .draining = phase { return .reset }
        return guestEnded.contains(.sending) ? .finishWriting : .nothing
    }

    /// The host's socket gave its last byte: it sends nothing any more.
    mutating func readToEnd(now: Int64) -> Effect {
        isReadable = false
        return hostEnds(hasHungUp ? .both : .sending, now: now)
    }

    /// The host takes nothing any more; what is held for it is dropped.
    mutating func stopsTaking(now: Int64) -> Effect { hostEnds(.receiving, now: now) }

    /// The host has gone. What it has sent before is still read, if the guest may have it.
    mutating func hangUp(now: Int64) -> Effect {
        hasHungUp = true
        isReadable = true
        return reads ? .nothing : hostEnds(.both, now: now)
    }

    private mutating func hostEnds(_ halves: VsockHalves, now: Int64) -> Effect {
        if halves.contains(.receiving) { credit.forward(credit.held) }
        switch phase {
        case .connecting: return .reset
        case .draining:
            hostEnded.formUnion(halves)
            return credit.held == 0 ? .reset : .nothing
        case .closing: return .nothing
        case .open:
            guard !hostEnded.isSuperset(of: halves) else { return .nothing }
            hostEnded.formUnion(halves)
            owed.insert(.shutdown)
            if hostEnded == .both { phase = .closing(until: now &+ VsockStream.patience) }
            return .nothing
        }
    }
}

// MARK: - To the guest

extension VsockStream {
    /// What the next packet to the guest is.
    enum Turn: Equatable, Sendable {
        /// There is none.
        case nothing
        /// A packet without payload.
        case packet(VsockOperation)
        /// At most so many bytes from the host's socket.
        case data(atMost: UInt32)
    }

    /// Whether payload may be read from the host's socket now, if the guest has room.
    private var reads: Bool {
        guard isReadable, !hostEnded.contains(.sending), !guestEnded.contains(.receiving) else { return false }
        return phase == .open
    }

    /// What comes next; the packet is then made with `header`.
    var turn: Turn {
        if owed.contains(.request) { return .packet(.request) }
        if owed.contains(.response) { return .packet(.response) }
        if case .connecting = phase { return .nothing }
        if owed.contains(.creditUpdate) { return .packet(.creditUpdate) }
        if owed.contains(.shutdown) { return .packet(.shutdown) }
        guard reads else { return .nothing }
        if credit.sendable > 0 { return .data(atMost: credit.sendable) }
        return askedForCredit ? .nothing : .packet(.creditRequest)
    }

    /// The header of the next packet, which counts as sent.
    mutating func header(
        _ operation: VsockOperation, length: UInt32 = 0, guestContext: UInt64
    ) -> VsockHeader {
        var header = VsockHeader(
            sourceContext: VsockHeader.hostContext, destinationContext: guestContext, sourcePort: ports.host,
            destinationPort: ports.guest, length: length, operation: operation.rawValue)
        credit.tell(in: &header)
        // Any packet tells the credit.
        if operation != .request { owed.remove(.creditUpdate) }
        switch operation {
        case .request: owed.remove(.request)
        case .response: owed.remove(.response)
        case .shutdown:
            owed.remove(.shutdown)
            header.flags = hostEnded.rawValue
        case .creditRequest: askedForCredit = true
        case .data: credit.send(length)
        case .reset, .creditUpdate: break
        }
        return header
    }
}
