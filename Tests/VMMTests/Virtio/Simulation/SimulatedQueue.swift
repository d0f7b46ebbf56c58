import Synchronization

@testable import VMM

/// A split virtqueue from the driver's side, in simulated memory: for tests of what well-behaved and hostile drivers do.
///
/// Descriptors are used round and round: a test that has more than `size` of them in use at a time gets what it asks for.
final class SimulatedQueue {
    /// A range of memory in a request.
    struct Segment {
        var address: UInt64
        var count: Int
        var writable = false
    }
    /// What the device has given back.
    struct Used: Equatable {
        var head: UInt16
        var written: UInt32
    }

    let memory: SimulatedMemory
    let layout: VirtQueueLayout
    /// Whether VIRTIO_F_EVENT_IDX was agreed on.
    let eventIndex: Bool
    private var nextDescriptor: UInt16 = 0
    private(set) var nextAvailable: UInt16 = 0
    private(set) var nextUsed: UInt16 = 0
    private var notified: UInt16 = 0

    var size: UInt16 { layout.size }
    /// What VirtQueue is to be told.
    var features: UInt64 {
        VirtioFeature.version1 | VirtioFeature.indirectDescriptors | (eventIndex ? VirtioFeature.eventIndex : 0)
    }

    init(_ memory: SimulatedMemory, size: UInt16 = 16, eventIndex: Bool = true) {
        self.memory = memory
        self.eventIndex = eventIndex
        layout = VirtQueueLayout(
            size: size, descriptors: memory.allocate(16 * Int(size)),
            available: memory.allocate(6 + 2 * Int(size), alignment: 2),
            used: memory.allocate(6 + 8 * Int(size), alignment: 4))
    }

    // MARK: Raw writing

    /// Writes a descriptor of the table, whatever it says.
    func write(_ descriptor: VirtDescriptor, number: UInt16) {
        memory.write(descriptor, at: layout.descriptors + 16 * UInt64(number))
    }

    /// Puts a head into the available ring and shows it to the device.
    func offer(_ head: UInt16, shown: Bool = true) {
        memory.write(head, at: layout.available + 4 + 2 * UInt64(nextAvailable & (size &- 1)))
        nextAvailable &+= 1
        if shown { show() }
    }

    /// Shows the device what was offered.
    func show() {
        atomicMemoryFence(ordering: .releasing)
        memory.write(nextAvailable, at: layout.available + 2)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    /// Writes the available index, whatever it says.
    func setAvailableIndex(_ index: UInt16) {
        nextAvailable = index
        memory.write(index, at: layout.available + 2)
    }

    // MARK: Requests

    /// Writes a request's descriptors and offers it.
    ///
    /// - Returns: its head.
    @discardableResult
    func add(_ segments: [Segment], indirect: Bool = false, shown: Bool = true) -> UInt16 {
        let head: UInt16
        if indirect {
            let table = memory.allocate(16 * segments.count)
            for (index, segment) in segments.enumerated() {
                memory.write(
                    descriptor(segment, next: index + 1 < segments.count ? UInt16(index + 1) : nil),
                    at: table + 16 * UInt64(index))
            }
            head = takeDescriptor()
            write(
                VirtDescriptor(
                    address: table, count: UInt32(16 * segments.count), flags: VirtDescriptor.Flag.indirect, next: 0),
                number: head)
        } else {
            let numbers = segments.map { _ in takeDescriptor() }
            for (index, segment) in segments.enumerated() {
                write(
                    descriptor(segment, next: index + 1 < numbers.count ? numbers[index + 1] : nil),
                    number: numbers[index])
            }
            head = numbers[0]
        }
        offer(head, shown: shown)
        return head
    }

    private func takeDescriptor() -> UInt16 {
        defer { nextDescriptor = (nextDescriptor &+ 1) & (size &- 1) }
        return nextDescriptor
    }

    private func descriptor(_ segment: Segment, next: UInt16?) -> VirtDescriptor {
        VirtDescriptor(
            address: segment.address, count: UInt32(segment.count),
            flags: (segment.writable ? VirtDescriptor.Flag.writable : 0)
                | (next == nil ? 0 : VirtDescriptor.Flag.next),
            next: next ?? 0)
    }

    // MARK: What the device says

    /// Takes what the device has given back since the last time.
    func takeUsed() -> [Used] {
        let index = memory.read(UInt16.self, layout.used + 2)
        atomicMemoryFence(ordering: .acquiring)
        var all: [Used] = []
        while nextUsed != index {
            let place = layout.used + 4 + 8 * UInt64(nextUsed & (size &- 1))
            let id = memory.read(UInt32.self, place)
            all.append(Used(head: UInt16(truncatingIfNeeded: id), written: memory.read(UInt32.self, place + 4)))
            nextUsed &+= 1
        }
        return all
    }

    /// Says how far the device may go before it interrupts (with an event index), or not at all.
    func setUsedEvent(_ index: UInt16) { memory.write(index, at: layout.available + 4 + 2 * UInt64(size)) }

    /// VIRTQ_AVAIL_F_NO_INTERRUPT, without an event index.
    func setFlags(_ flags: UInt16) { memory.write(flags, at: layout.available) }

    /// Asks to be interrupted for the next used element.
    func enableInterrupts() {
        if eventIndex { setUsedEvent(nextUsed) } else { setFlags(0) }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    /// Whether the device wants to be notified of what was offered since it was last asked.
    func wantsNotification() -> Bool {
        let old = notified
        notified = nextAvailable
        guard eventIndex else { return memory.read(UInt16.self, layout.used) & 1 == 0 }
        let event = memory.read(UInt16.self, layout.used + 4 + 8 * UInt64(size))
        return nextAvailable &- event &- 1 < nextAvailable &- old
    }
}
