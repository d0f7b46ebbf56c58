import TestKit
import Testing

@testable import VMM

/// Random bytes for a guest.
@Suite(.blocking) struct EntropyDeviceTests {
    @Test func fillsWhatIsWritableWithDifferentBytes() throws {
        let device = EntropyDevice(thread: try IOThread("rng"))
        let driver = SimulatedDriver(device)
        try driver.activate()
        let first = try #require(driver.request(0, [], writable: [33, 500]))
        let second = try #require(driver.request(0, [], writable: [533]))
        #expect(first.written == 533 && second.written == 533)
        #expect(first.data != second.data)
        // 533 random bytes have about 223 of 256 values; 100 is beyond chance.
        #expect(Set(first.data).count > 100)
        #expect(device.counters.snapshot == .init(requests: 2, bytesIn: 1066))
    }

    @Test func requestWithoutRoomGetsNothingAndALargeOneAPart() throws {
        let device = EntropyDevice(thread: try IOThread("rng"))
        let driver = SimulatedDriver(device)
        try driver.activate()
        #expect(driver.request(0, [[1, 2, 3]])?.written == 0)
        let reply = try #require(driver.request(0, [], writable: [1 << 17]))
        #expect(reply.written == 1 << 16)
        #expect(reply.data[(1 << 16)...].allSatisfy { $0 == 0 })
    }
}
