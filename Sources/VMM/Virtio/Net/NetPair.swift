internal import CLinux
internal import Glibc
internal import Linux

/// One pair of queues of a network device and its tap, on an I/O thread: moves packets straight between the guest's memory
/// and the tap.
///
/// Confined to its thread once it is started. Both directions take turns of at most a batch, with one interrupt for each.
@safe final class NetPair: @unchecked Sendable {
    /// What the pair has while its driver is ready.
    struct Session: ~Copyable {
        var receiving: VirtQueue
        var transmitting: VirtQueue
        let interrupt: VirtioInterrupt
        /// What both agreed on.
        let features: UInt64
        /// Notifications of both queues.
        let notifications: (receiving: Int32, transmitting: Int32)
    }

    /// Nanoseconds after which a limit is looked at again, however long is to be waited for it.
    private static let longestWait: UInt64 = 1_000_000_000
    /// Packets that one direction moves before the other has its turn.
    private static let batch = 64

    private let tap: Descriptor
    private let counters: NetCounters
    private var session: Session?
    private var isEnabled = false
    private var chain = DescriptorChain(capacity: 512)
    private var window = NetReceiveWindow()
    private var gathered = GatheredSegments()
    private let header: UnsafeMutableRawPointer
    private var sendingLimit: RateLimiter
    private var receivingLimit: RateLimiter
    /// Bytes of the last packet that the guest was given, if it has not been taken from the limit yet: how large a packet
    /// is, is known when it has been read.
    private var unpaid: UInt64?
    private var isReadable = true
    private var isWritable = true
    private var sources: [IOLoop.Source] = []
    private var tapSource: IOLoop.Source?
    private var alarm: IOTimer?

    /// Adopts a tap that was opened with IFF_VNET_HDR.
    ///
    /// - Throws: ``SystemError`` if it is no such tap.
    init(tap: consuming Descriptor, limits: NetLimits, counters: NetCounters) throws(SystemError) {
        try tap.setNonblocking(true)
        guard bh_tap_header(tap.rawValue, Int32(NetHeader.size)) == 0 else {
            throw .last("use descriptor \(tap.rawValue) as a tap device with the header of virtio-net")
        }
        self.tap = tap
        self.counters = counters
        let now = NetPair.now
        sendingLimit = RateLimiter(limits.sending, now: now)
        receivingLimit = RateLimiter(limits.receiving, now: now)
        // unsafe because deinit deallocates it
        unsafe header = .allocate(byteCount: NetHeader.size, alignment: 8)
    }

    // unsafe because the initialiser allocated it, and nobody else knows it any more
    deinit { unsafe header.deallocate() }

    // MARK: Life

    /// Begins to be called on the thread of this loop.
    func start(on loop: IOLoop) throws(SystemError) {
        alarm = try loop.timer { [unowned self] in turn() }
        tapSource = try loop.add(tap.rawValue, [.readable, .writable, .edge]) { [unowned self] happened in
            if happened.contains(.readable) { isReadable = true }
            if happened.contains(.writable) { isWritable = true }
            turn()
        }
    }

    /// Is called no more.
    func stop(on loop: IOLoop) {
        end(on: loop)
        if let tapSource { loop.remove(tapSource) }
        if let alarm { loop.remove(alarm) }
    }

    /// The driver is ready; the queues are used as soon as the pair is enabled.
    func begin(_ session: consuming Session, on loop: IOLoop) throws(VirtioError) {
        do throws(SystemError) {
            for notification in [session.notifications.receiving, session.notifications.transmitting] {
                sources.append(try loop.add(notification, [.readable, .edge]) { [unowned self] _ in turn() })
            }
            try setOffloads(session.features)
        } catch {
            throw VirtioError("net: \(error)")
        }
        self.session = consume session
        turn()
    }

    /// Lets go of the queues. Packets stay in the tap.
    func end(on loop: IOLoop) {
        for source in sources { loop.remove(source) }
        sources = []
        session = nil
        window.removeAll()
    }

    /// Lets the kernel choose this tap for packets, and moves them; or neither.
    func setEnabled(_ on: Bool) throws(SystemError) {
        guard on != isEnabled else { return }
        guard bh_tap_attach(tap.rawValue, on ? 1 : 0) == 0 else {
            throw .last(on ? "attach a queue to the tap device" : "detach a queue from the tap device")
        }
        isEnabled = on
        isReadable = true
        if on { turn() }
    }

    /// A tap of one queue is always attached.
    func enableOnly() {
        isEnabled = true
        turn()
    }

    /// Other limits from now on.
    func setLimits(_ limits: NetLimits) {
        let now = NetPair.now
        sendingLimit.change(to: limits.sending, now: now)
        receivingLimit.change(to: limits.receiving, now: now)
        turn()
    }

    private static var now: UInt64 { UInt64(clamping: Clock.monotonicNanoseconds) }

    private func setOffloads(_ features: UInt64) throws(SystemError) {
        var offloads: UInt32 = 0
        if features & NetFeature.guestChecksum != 0 {
            offloads |= 1  // TUN_F_CSUM
            if features & NetFeature.guestTSO4 != 0 { offloads |= 2 }  // TUN_F_TSO4
            if features & NetFeature.guestTSO6 != 0 { offloads |= 4 }  // TUN_F_TSO6
        }
        guard bh_tap_offloads(tap.rawValue, offloads) == 0 else { throw .last("set the tap device's offloads") }
    }

    // MARK: Turns

    private func turn() {
        guard isEnabled, session != nil else { return }
        do throws(VirtioError) {
            let next = min(try transmit(), try receive())
            if next != .max { alarm?.set(nanoseconds: max(next, 1)) }
        } catch {
            session?.interrupt.fail(error)
            session = nil
            window.removeAll()
        }
    }

    /// Sends packets of the guest's.
    ///
    /// - Returns: in how many nanoseconds to go on: 0 if there are more, and others on this thread shall have a turn first;
    ///   `max` if something will happen before.
    private func transmit() throws(VirtioError) -> UInt64 {
        guard isWritable else { return .max }
        var (left, next) = (NetPair.batch, UInt64.max)
        while true {
            if left == 0 {
                next = 0
                break
            }
            guard try session?.transmitting.next(into: &chain) == true else {
                if session?.transmitting.enableNotifications() == true { continue }
                break
            }
            if sendingLimit.limits {
                let count = UInt64(max(chain.readable.bytes - NetHeader.size, 0))
                let wait = sendingLimit.take(bytes: count, now: NetPair.now)
                if wait > 0 {
                    session?.transmitting.putBack()
                    next = min(wait, NetPair.longestWait)
                    break
                }
            }
            guard send() else {
                session?.transmitting.putBack()
                isWritable = false
                break
            }
            left -= 1
            session?.transmitting.complete(chain.head, written: 0)
        }
        if session?.transmitting.publish() == true { session?.interrupt.raise(.queue) }
        return next
    }

    /// Sends the packet in `chain`; false if the tap has no room for it now.
    private func send() -> Bool {
        let count = chain.readable.bytes - NetHeader.size
        guard let features = session?.features,
            let header = chain.readable.load(NetHeader.self)?.checked(features: features, packetBytes: count)
        else {
            counters.droppedSent()
            return true
        }
        // The kernel gets the copy that was checked, and not what the guest may have made of it meanwhile.
        // unsafe because the place has room for a header, and outlives the gathered segments
        unsafe self.header.storeBytes(of: header, as: NetHeader.self)
        gathered.removeAll()
        // unsafe because the place has room for a header, and outlives the gathered segments
        unsafe gathered.append(UnsafeMutableRawBufferPointer(start: self.header, count: NetHeader.size))
        guard gathered.append(chain.readable, from: NetHeader.size) else {
            counters.droppedSent()
            return true
        }
        while true {
            if gathered.write(to: tap.rawValue) >= 0 {
                counters.sent(count)
                return true
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: return false
            default:
                // Refused (EINVAL), no memory, or the link is down: as on a wire, the packet is lost.
                counters.droppedSent()
                return true
            }
        }
    }

    /// Gives packets to the guest.
    ///
    /// - Returns: as `transmit`.
    private func receive() throws(VirtioError) -> UInt64 {
        guard let features = session?.features else { return .max }
        let isMergeable = features & NetFeature.mergeableBuffers != 0
        let segmented = features & (NetFeature.guestTSO4 | NetFeature.guestTSO6) != 0
        let wanted = NetHeader.size + (segmented ? NetHeader.largestPacket : 1518)
        var (left, next) = (NetPair.batch, UInt64.max)
        while isReadable || window.isPartial {
            if left == 0 {
                next = 0
                break
            }
            if let bytes = unpaid {
                let wait = receivingLimit.take(bytes: bytes, now: NetPair.now)
                if wait > 0 {
                    next = min(wait, NetPair.longestWait)
                    break
                }
                unpaid = nil
            }
            try refill(upTo: isMergeable ? wanted : 1)
            guard window.count > 0 else { break }
            if !window.isPartial {
                switch window.read(from: tap.rawValue) {
                case .packet: break
                case .nothing, .failed:
                    isReadable = false
                    continue
                }
            }
            if !window.isComplete {
                if isMergeable {
                    // The rest of it waits for buffers, in front of all other packets.
                    try refill(upTo: .max)
                    if !window.isComplete { break }
                } else {
                    counters.droppedReceived()
                    window.dropPacket()
                    continue
                }
            }
            left -= 1
            let count = window.finish { head, written in session?.receiving.complete(head, written: written) }
            counters.received(count)
            if receivingLimit.limits { unpaid = UInt64(count) }
        }
        if session?.receiving.publish() == true { session?.interrupt.raise(.queue) }
        return next
    }

    /// Takes buffers of the guest's until they hold so many bytes, or a packet that waits for them.
    private func refill(upTo wanted: Int) throws(VirtioError) {
        while window.bytes < wanted, !window.isComplete {
            guard try session?.receiving.next(into: &chain) == true else {
                if session?.receiving.enableNotifications() == true { continue }
                return
            }
            guard chain.writable.bytes >= NetHeader.size else {
                session?.receiving.complete(chain.head, written: 0)
                counters.droppedReceived()
                continue
            }
            guard window.hasRoom(segments: chain.writable.count) else {
                session?.receiving.putBack()
                return
            }
            window.append(head: chain.head, chain.writable)
        }
    }
}
