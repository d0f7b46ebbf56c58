import Linux
import TestKit
import Testing

@testable import VMM

/// The way of a request leaves nothing on the heap.
@Suite(.serialized, .blocking) struct BlockAllocationTests {
    @Test func blockReadsLeaveNothingOnTheHeap() throws {
        let image = try BlockDeviceTests.Image(sectors: 64)
        let thread = try IOThread("blk")
        let device = BlockDevice(
            try BlockFile(Descriptor.open(image.path), readOnly: true), serial: "x", threads: [thread])
        let driver = SimulatedDriver(device)
        try driver.activate()
        let (queue, memory) = (driver.queues[0], driver.memory)
        let header = memory.place(BlockDeviceTests.header(0, sector: 3))
        let data = memory.allocate(4096)
        let segments: [SimulatedQueue.Segment] = [
            .init(address: header, count: 16), .init(address: data, count: 4096, writable: true),
            .init(address: memory.allocate(1), count: 1, writable: true),
        ]
        func reads(_ number: Int) {
            for _ in 0..<number {
                queue.add(segments)
                driver.notify(0)
                #expect(driver.used(0).count == 1)
            }
        }
        reads(10)
        // One smallest allocation for each read would be 320 000 bytes.
        #expect(HeapGrowth.leastBytes(during: { reads(10_000) }, below: 100_000) < 100_000)
    }
}
