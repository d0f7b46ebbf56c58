@testable import VMM

/// A driver that writes nonsense, which looks enough like sense to get far.
struct QueueFuzz {
    private let driver: SimulatedDriver
    private let headers: [[UInt8]]

    /// `headers`: what requests of this device begin with.
    init(_ driver: SimulatedDriver, headers: [[UInt8]]) {
        self.driver = driver
        self.headers = headers
    }

    /// Does this and that to all queues, while the device works on them.
    func attack(_ numbers: inout FuzzNumbers) {
        for _ in 0..<(4 + numbers.below(12)) {
            let number = Int(numbers.below(UInt64(driver.queues.count)))
            let queue = driver.queues[number]
            for _ in 0..<(1 + numbers.below(6)) { act(queue, &numbers) }
            driver.kick(number)
        }
    }

    private func act(_ queue: SimulatedQueue, _ numbers: inout FuzzNumbers) {
        switch numbers.below(16) {
        case 0...6: request(queue, &numbers)
        case 7...10:
            // A chain of whatever the table has.
            for index in 0..<queue.size where numbers.oneIn(2) {
                queue.write(descriptor(&numbers), number: index)
            }
            queue.offer(
                UInt16(truncatingIfNeeded: numbers.oneIn(8) ? numbers.next() : numbers.below(UInt64(queue.size))))
        case 11: queue.setAvailableIndex(UInt16(truncatingIfNeeded: numbers.next()))
        case 12: queue.setUsedEvent(UInt16(truncatingIfNeeded: numbers.next()))
        case 13: queue.setFlags(UInt16(truncatingIfNeeded: numbers.next()))
        case 14:
            // The used ring is the device's, but who says that the driver keeps to that?
            driver.memory.write(numbers.next(), at: queue.layout.used + numbers.below(UInt64(queue.size) * 8 - 8))
        default:
            for _ in 0..<32 {
                driver.memory.write(numbers.next(), at: numbers.below(driver.memory.memory.low.count - 8))
            }
        }
    }

    /// A request that is right but for a little.
    private func request(_ queue: SimulatedQueue, _ numbers: inout FuzzNumbers) {
        var header = numbers.pick(headers)
        if numbers.oneIn(3), !header.isEmpty {
            header[Int(numbers.below(UInt64(header.count)))] = UInt8(truncatingIfNeeded: numbers.next())
        }
        // Low memory, behind the rings, is written over and over.
        let place = 0x18000 + numbers.below(0x7000)
        driver.memory.write(header, at: place)
        var segments = [SimulatedQueue.Segment(address: place, count: header.count)]
        for _ in 0..<numbers.below(4) {
            segments.append(
                .init(
                    address: numbers.oneIn(20) ? address(&numbers) : numbers.below(0x20000),
                    count: Int(numbers.pick([0, 1, 4, 8, 16, 511, 512, 513, 4096, 65536] as [UInt64])),
                    writable: numbers.oneIn(2)))
        }
        if !numbers.oneIn(5) {
            segments.sort { !$0.writable && $1.writable }
            segments.removeAll { $0.count == 0 }
            segments.append(.init(address: 0x17000 + numbers.below(4096), count: 1, writable: true))
        }
        guard !segments.isEmpty, segments.count <= Int(queue.size) else { return }
        queue.add(segments)
    }

    private func address(_ numbers: inout FuzzNumbers) -> UInt64 {
        let end = driver.memory.memory.low.count
        return numbers.pick([
            0, end - 1, end, end - 512, end &+ numbers.below(8192), numbers.next(), .max - numbers.below(64),
            GuestMemory.hole, GuestMemory.highStart, GuestMemory.highStart - 1,
        ])
    }

    private func descriptor(_ numbers: inout FuzzNumbers) -> VirtDescriptor {
        VirtDescriptor(
            address: numbers.oneIn(4) ? address(&numbers) : numbers.below(0x1F000),
            count: UInt32(truncatingIfNeeded: numbers.oneIn(8) ? numbers.next() : numbers.below(2048)),
            flags: UInt16(truncatingIfNeeded: numbers.below(8)),
            next: UInt16(truncatingIfNeeded: numbers.oneIn(8) ? numbers.next() : numbers.below(8)))
    }
}
