import Glibc
import Linux
import Synchronization
import Testing

@testable import VMM

/// The way of a request does not touch the heap.
@Suite(.serialized) struct BlockAllocationTests {
    /// Counts objects that the Swift runtime makes on one thread: it calls them through a variable for such purposes.
    ///
    /// Everything of Swift's heap that can be made by accident (boxes, closures, arrays, strings) is such an object.
    enum ObjectCount {
        typealias Allocate = @convention(c) (UnsafeRawPointer?, Int, Int) -> UnsafeMutableRawPointer?
        nonisolated(unsafe) static var original: Allocate?
        nonisolated(unsafe) static var thread = pthread_t()
        static let count = Atomic<Int>(0)

        /// Calls `body`; what is counted meanwhile is what the thread makes.
        static func on(_ thread: pthread_t, _ body: () throws -> Void) throws -> Int {
            let symbol = try #require(dlsym(nil, "_swift_allocObject"))
            let variable = symbol.assumingMemoryBound(to: Allocate.self)
            original = variable.pointee
            self.thread = thread
            count.store(0, ordering: .relaxed)
            let before = variable.pointee
            variable.pointee = { metadata, size, mask in
                if pthread_equal(pthread_self(), ObjectCount.thread) != 0 {
                    ObjectCount.count.add(1, ordering: .relaxed)
                }
                return ObjectCount.original?(metadata, size, mask)
            }
            defer { variable.pointee = before }
            try body()
            return count.load(ordering: .relaxed)
        }
    }

    @Test func blockReadsAllocateNothing() throws {
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
        let itself = thread.run { _ in pthread_self() }
        let objects = try ObjectCount.on(itself) { reads(10_000) }
        #expect(objects == 0)
        // The counter counts: what does make an object is seen.
        let seen = try ObjectCount.on(itself) { _ = thread.run { _ in [UInt8](repeating: 1, count: 100).count } }
        #expect(seen > 0)
        #expect(device.counters.snapshot.requests == 10_010)
    }
}
