import Linux
import Synchronization
import TestKit
import Testing

@testable import VMM

/// Memory that a guest gives back.
@Suite(.blocking) struct BalloonDeviceTests {
    /// What was released, in place of the host's memory.
    final class Released: Sendable {
        private let all = Mutex<[[UInt64]]>([])
        let fails = Atomic<Bool>(false)
        /// Addresses and counts since the last time, sorted.
        func take() -> [[UInt64]] {
            all.withLock { all in
                defer { all = [] }
                return all.sorted { $0[0] < $1[0] }
            }
        }
        func release(_ address: UInt64, _ count: UInt64) throws(SystemError) -> UInt64 {
            if fails.load(ordering: .relaxed) { throw SystemError("release", code: 12) }
            all.withLock { $0.append([address, count]) }
            return count
        }
    }

    private func balloon(_ released: Released, features: UInt64 = .max) throws -> (BalloonDevice, SimulatedDriver) {
        let device = BalloonDevice(thread: try IOThread("balloon")) { (address, count) throws(SystemError) in
            try released.release(address, count)
        }
        let driver = SimulatedDriver(device, memory: SimulatedMemory(count: 1 << 20, high: 1 << 20), features: features)
        try driver.activate()
        return (device, driver)
    }

    private func pages(_ numbers: [UInt32]) -> [UInt8] {
        var bytes: [UInt8] = []
        for number in numbers { bytes.append(littleEndian: number) }
        return bytes
    }

    @Test func pagesOfTheBalloonGoBackToTheHostNeighboursTogether() throws {
        let released = Released()
        let (device, driver) = try balloon(released)
        #expect(driver.request(0, [pages([10, 11, 12, 200, 199, 198, 50, 0x10_0003])])?.written == 0)
        let high = GuestMemory.highStart + 0x3000
        let expected: [[UInt64]] = [[0xA000, 0x3000], [0x32000, 0x1000], [0xC6000, 0x3000], [high, 0x1000]]
        #expect(released.take() == expected)
        #expect(driver.request(1, [pages([10, 11])]) != nil)
        let counts = BalloonCounters.Snapshot(inflated: 0x8000, deflated: 0x2000, released: 0x8000)
        #expect(device.counters.snapshot == counts)
    }

    @Test func pagesThatAreNoMemoryAreCountedAndLeftAlone() throws {
        let released = Released()
        let (device, driver) = try balloon(released)
        // Behind low memory, in the hole, behind high memory, the greatest, and three bytes of a number.
        let numbers = pages([256, 0xC_0000, 0x10_0000 + 256, .max, 5]) + [1, 2, 3]
        #expect(driver.request(0, [numbers]) != nil)
        #expect(released.take() == [[0x5000, 0x1000]])
        #expect(device.counters.snapshot.errors == 4)
        released.fails.store(true, ordering: .relaxed)
        #expect(driver.request(0, [pages([7])]) != nil)
        #expect(device.counters.snapshot.errors == 5)
        #expect(!driver.interrupt.needsReset)
    }

    @Test(arguments: [true, false])
    func wholePagesOfAReportGoBack(statistics: Bool) throws {
        let released = Released()
        let (device, driver) = try balloon(
            released, features: statistics ? .max : ~BalloonDevice.Feature.statistics)
        // Drivers leave out the queues that were not agreed on.
        let queue = statistics ? 3 : 2
        driver.queues[queue].add([
            .init(address: 0x40000, count: 0x20000, writable: true),
            .init(address: 0x80010, count: 0x3000, writable: true),
            .init(address: GuestMemory.highStart, count: 0x1000, writable: true),
            .init(address: 0x90001, count: 0xFFE, writable: true),
        ])
        driver.kick(queue)
        #expect(driver.used(queue).count == 1)
        #expect(
            released.take() == [[0x40000, 0x20000], [0x81000, 0x2000], [GuestMemory.highStart, 0x1000]])
        #expect(device.counters.snapshot.released == 0x23000)
    }

    @Test func targetReachesTheGuestAndItsWordComesBack() throws {
        let (device, driver) = try balloon(Released())
        device.setTarget(bytes: 10 << 12 + 5)
        #expect(driver.waitForConfigurationChange())
        var target: UInt32 = 0
        withUnsafeMutableBytes(of: &target) { device.readConfiguration(at: 0, into: $0) }
        #expect(target == 10)
        withUnsafeBytes(of: UInt32(3)) { device.writeConfiguration(at: 4, from: $0) }
        withUnsafeBytes(of: UInt32(9)) { device.writeConfiguration(at: 0, from: $0) }
        withUnsafeBytes(of: UInt16(9)) { device.writeConfiguration(at: 4, from: $0) }
        #expect(device.actualBytes == 3 << 12)
        withUnsafeMutableBytes(of: &target) { device.readConfiguration(at: 0, into: $0) }
        #expect(target == 10)
        driver.reset()
        #expect(device.actualBytes == 0, "a driver that is gone has no balloon")
    }

    @Test func guestIsAskedForStatisticsAndAnswers() throws {
        let (device, driver) = try balloon(Released())
        #expect(!device.askForStatistics(), "it has not given the means yet")
        func entry(_ tag: UInt16, _ value: UInt64) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.append(littleEndian: tag)
            bytes.append(littleEndian: value)
            return bytes
        }
        let place = driver.memory.allocate(64)
        func answer(_ bytes: [UInt8]) {
            driver.memory.write(bytes, at: place)
            driver.queues[2].add([.init(address: place, count: bytes.count)])
            driver.kick(2)
        }
        answer(entry(4, 1000))
        // Once it can be asked it has answered.
        while !device.askForStatistics() {}
        #expect(driver.used(2).count == 1)
        #expect(device.statistics.free == 1000)
        answer(entry(5, 2000) + entry(77, 1) + entry(4, 900) + [6, 0, 1])
        while !device.askForStatistics() {}
        var expected = BalloonStatistics()
        (expected.total, expected.free) = (2000, 900)
        #expect(device.statistics == expected)
        #expect(!device.askForStatistics())
        driver.reset()
        #expect(!device.askForStatistics())
    }
}
