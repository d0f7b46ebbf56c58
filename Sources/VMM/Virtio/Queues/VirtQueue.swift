/// A split virtqueue from the device's side: virtio 1.2, section 2.7.
///
/// ```
/// driver  ── available ring ──►  next ► the device works ► complete  ── used ring ──►  driver
///            idx, ring[size], used_event            publish: idx, and perhaps an interrupt
/// ```
///
/// One thread uses it. Every error means that the driver broke the rules; the queue then gives nothing any more, and the
/// device asks for a reset. Nothing here allocates except the text of an error.
@safe struct VirtQueue: ~Copyable {
    /// Descriptors.
    let size: UInt16
    /// Whether the driver has broken the queue.
    private(set) var broken = false

    private let memory: GuestMemory
    private let eventIndex: Bool
    private let indirect: Bool
    private let descriptors: UnsafeMutableRawPointer
    private let available: UnsafeMutableRawPointer
    private let used: UnsafeMutableRawPointer
    private let mask: UInt16
    /// The driver's index as it was last read.
    private var seen: UInt16 = 0
    /// Where the next request stands.
    private var nextAvailable: UInt16 = 0
    /// Where the next used element will stand.
    private var nextUsed: UInt16 = 0
    /// The used index that the driver sees.
    private var published: UInt16 = 0

    /// A queue where the driver has put it.
    ///
    /// - Throws: ``VirtioError`` for a size that is no power of two, an address that is not aligned or not in memory.
    init(_ layout: VirtQueueLayout, features: UInt64, memory: GuestMemory) throws(VirtioError) {
        let size = layout.size
        guard size > 0, size <= 32768, size & (size &- 1) == 0 else {
            throw VirtioError("a queue of \(size) descriptors: not a power of two up to 32768")
        }
        // unsafe because the pointers are kept with the size that they were checked with
        let table = unsafe try VirtQueue.part(
            "descriptor table", layout.descriptors, UInt64(size) * 16, alignment: 16, memory)
        // unsafe because the pointers are kept with the size that they were checked with
        let driverRing = unsafe try VirtQueue.part(
            "available ring", layout.available, UInt64(size) * 2 + 6, alignment: 2, memory)
        // unsafe because the pointers are kept with the size that they were checked with
        let deviceRing = unsafe try VirtQueue.part(
            "used ring", layout.used, UInt64(size) * 8 + 6, alignment: 4, memory)
        // unsafe because the pointers are kept with the size that they were checked with
        unsafe (descriptors, available, used) = (table, driverRing, deviceRing)
        self.size = size
        self.memory = memory
        mask = size &- 1
        eventIndex = features & VirtioFeature.eventIndex != 0
        indirect = features & VirtioFeature.indirectDescriptors != 0
    }

    private static func part(
        _ name: String, _ address: UInt64, _ count: UInt64, alignment: UInt64, _ memory: GuestMemory
    ) throws(VirtioError) -> UnsafeMutableRawPointer {
        guard address & (alignment - 1) == 0 else {
            throw VirtioError("\(name) at \(hex: address): not aligned to \(alignment) bytes")
        }
        // unsafe because the caller keeps to the count
        guard let place = unsafe memory.pointer(address, count: count) else {
            throw VirtioError("\(name) at \(hex: address): its \(count) bytes are not memory")
        }
        return unsafe place
    }

    // MARK: Requests

    /// Takes the next request, if there is one.
    ///
    /// - Returns: false where there is none now, or the queue is broken.
    /// - Throws: ``VirtioError`` if the driver broke the rules; `chain` is then of no use.
    @inline(__always)
    mutating func next(into chain: inout DescriptorChain) throws(VirtioError) -> Bool {
        if nextAvailable == seen {
            if broken { return false }
            // The descriptors are read after the index that makes them visible.
            // unsafe because the ring has been checked
            seen = unsafe SharedWord.loadAcquiring(available + 2)
            if nextAvailable == seen { return false }
            guard seen &- nextAvailable <= size else {
                throw fail("the available index went from \(nextAvailable) to \(seen) in a queue of \(size)")
            }
        }
        // unsafe because the masked index is in the ring
        let head: UInt16 = unsafe SharedWord.load(available + 4 + 2 * Int(nextAvailable & mask))
        nextAvailable &+= 1
        do throws(VirtioError) {
            try walk(head, &chain)
        } catch {
            throw fail(error.description)
        }
        return true
    }

    /// Puts the last requests that were taken back: `next` gives them again. Nothing may have been completed of them.
    mutating func putBack(_ count: UInt16 = 1) { if !broken { nextAvailable &-= count } }

    /// Says that a request is done and how many bytes were written to it, from its first writable one.
    @inline(__always)
    mutating func complete(_ head: UInt16, written: Int) {
        // unsafe because the masked index is in the ring, of which this is the only writer
        unsafe SharedWord.store(
            UInt64(head) | UInt64(UInt32(clamping: written)) << 32, used + 4 + 8 * Int(nextUsed & mask))
        nextUsed &+= 1
    }

    /// Shows the driver what was completed.
    ///
    /// - Returns: whether it wants to be interrupted for it.
    @inline(__always)
    mutating func publish() -> Bool {
        let (old, new) = (published, nextUsed)
        if old == new { return false }
        published = new
        // The elements and the data before the index.
        // unsafe because the ring has been checked
        unsafe SharedWord.storeReleasing(new, used + 2)
        // The index before what the driver wants: else it could ask between the two and be missed.
        SharedWord.fence()
        guard eventIndex else {
            // unsafe because the ring has been checked
            return unsafe (SharedWord.load(available) as UInt16) & 1 == 0
        }
        // unsafe because the ring has been checked, with the event behind it
        let event: UInt16 = unsafe SharedWord.load(available + 4 + 2 * Int(size))
        // Section 2.7.7.2: whether the index went past the event since the last time.
        return new &- event &- 1 < new &- old
    }

    // MARK: Notifications

    /// Asks the driver to notify of the next request.
    ///
    /// - Returns: whether requests came meanwhile: of those the driver may not have told, so they must be looked for.
    @inline(__always)
    mutating func enableNotifications() -> Bool {
        if broken { return false }
        if eventIndex {
            // unsafe because the ring has been checked, with the event behind it
            unsafe SharedWord.store(nextAvailable, used + 4 + 8 * Int(size))
        } else {
            // unsafe because the ring has been checked
            unsafe SharedWord.store(0 as UInt16, used)
        }
        // The wish before the look: else a request could come between the two without a notification.
        SharedWord.fence()
        // unsafe because the ring has been checked
        return unsafe SharedWord.load(available + 2) != nextAvailable
    }

    /// Tells the driver that notifications are not needed for now: it may still send some.
    @inline(__always)
    mutating func disableNotifications() {
        // With an event index the old event does it: the driver has gone past it.
        // unsafe because the ring has been checked
        if !eventIndex { unsafe SharedWord.store(1 as UInt16, used) }
    }

    // MARK: Descriptors

    @inline(__always)
    private func walk(_ head: UInt16, _ chain: inout DescriptorChain) throws(VirtioError) {
        chain.begin(head: head)
        var index = head
        // More steps than the table has entries: a loop.
        for _ in 0..<size {
            guard index < size else { throw VirtioError("request \(head): there is no descriptor \(index) of \(size)") }
            // unsafe because the index is in the table
            let descriptor = unsafe VirtDescriptor(at: descriptors + 16 * Int(index))
            if descriptor.has(VirtDescriptor.Flag.indirect) {
                try walk(indirect: descriptor, &chain)
                return try chain.end()
            }
            try chain.add(descriptor, memory: memory)
            guard descriptor.has(VirtDescriptor.Flag.next) else { return try chain.end() }
            index = descriptor.next
        }
        throw VirtioError("request \(head): its descriptors are a loop")
    }

    private func walk(indirect table: VirtDescriptor, _ chain: inout DescriptorChain) throws(VirtioError) {
        let head = chain.head
        guard indirect else { throw VirtioError("request \(head): an indirect descriptor, which was not agreed on") }
        guard !table.has(VirtDescriptor.Flag.next) else {
            throw VirtioError("request \(head): an indirect descriptor that has a next one")
        }
        guard table.count > 0, table.count & 15 == 0 else {
            throw VirtioError("request \(head): an indirect table of \(table.count) bytes")
        }
        // unsafe because the pointer is used within the count that it was checked with
        guard let place = unsafe memory.pointer(table.address, count: UInt64(table.count)) else {
            throw VirtioError("request \(head): the indirect table at \(hex: table.address) is not memory")
        }
        let count = table.count / 16
        var index: UInt32 = 0
        // The chain's capacity ends a long one.
        for _ in 0..<count {
            guard index < count else {
                throw VirtioError("request \(head): there is no indirect descriptor \(index) of \(count)")
            }
            // unsafe because the index is in the table
            let descriptor = unsafe VirtDescriptor(at: place + 16 * Int(index))
            guard !descriptor.has(VirtDescriptor.Flag.indirect) else {
                throw VirtioError("request \(head): an indirect descriptor in an indirect table")
            }
            try chain.add(descriptor, memory: memory)
            guard descriptor.has(VirtDescriptor.Flag.next) else { return }
            index = UInt32(descriptor.next)
        }
        throw VirtioError("request \(head): its indirect descriptors are a loop")
    }

    private mutating func fail(_ what: String) -> VirtioError {
        broken = true
        seen = nextAvailable
        return VirtioError(what)
    }
}
