import CLinux
import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

/// A disk, as its driver sees it and as its file has it afterwards.
@Suite(.blocking) struct BlockDeviceTests {
    /// A file of a number of sectors, each byte of which says which sector it is in, and its path.
    final class Image {
        let path: String
        init(sectors: Int, directory: String = "/var/tmp") throws {
            path = "\(directory)/bulkhead-block-\(getpid())-\(UInt64.random(in: 0...(.max)))"
            let file = try Descriptor.open(path, [.writeOnly, .create, .exclusive])
            try file.writeAll((0..<sectors).flatMap { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 512) })
        }
        deinit { unlink(path) }
        func bytes() throws -> [UInt8] { try Descriptor.open(path).readAll() }
        func blocks() throws -> Int {
            var status = stat()
            guard stat(path, &status) == 0 else { throw SystemError.last("stat", path) }
            return Int(status.st_blocks)
        }
        func device(
            readOnly: Bool = false, direct: Bool = false, queues: Int = 1, limits: RateLimiter.Limits = .init()
        ) throws -> BlockDevice {
            let file = try Descriptor.open(path, readOnly ? .readOnly : .readWrite)
            return BlockDevice(
                try BlockFile(file, readOnly: readOnly, direct: direct), serial: "disk-0",
                threads: try (0..<queues).map { try IOThread("blk\($0)") }, limits: limits)
        }
    }

    static func header(_ type: UInt32, sector: UInt64 = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: type)
        bytes.append(littleEndian: 0 as UInt32)
        bytes.append(littleEndian: sector)
        return bytes
    }

    static func range(sector: UInt64, count: UInt32, flags: UInt32 = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: sector)
        bytes.append(littleEndian: count)
        bytes.append(littleEndian: flags)
        return bytes
    }

    private func started(_ device: BlockDevice, without features: UInt64 = 0) throws -> SimulatedDriver {
        let driver = SimulatedDriver(device, features: ~features)
        try driver.activate()
        return driver
    }

    private func configuration<Value: FixedWidthInteger>(_ device: BlockDevice, _ offset: Int) -> Value {
        var value: Value = 0
        withUnsafeMutableBytes(of: &value) { device.readConfiguration(at: offset, into: $0) }
        return value
    }

    @Test(arguments: [false, true])
    func readsAndWritesWhatIsInTheFile(direct: Bool) throws {
        let image = try Image(sectors: 64)
        let device = try image.device(direct: direct)
        let driver = try started(device)
        // Segments of odd lengths, which direct I/O can't take as they are.
        let sectors = device.features & 1 << 6 != 0 ? Int(configuration(device, 20) as UInt32) / 512 : 1
        let size = 512 * sectors
        let at = UInt64(sectors)
        var reply = driver.request(0, [Self.header(0, sector: at)], writable: [100, 2 * size - 100, 1])
        #expect(reply?.written == UInt32(2 * size + 1))
        let expected = (sectors..<3 * sectors).flatMap { [UInt8](repeating: UInt8($0), count: 512) }
        #expect(reply?.data == expected + [0])

        let text = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 3) }
        reply = driver.request(
            0, [Self.header(1, sector: 5 * at) + text.prefix(7), Array(text.dropFirst(7))], writable: [1])
        #expect(reply == .init(written: 1, data: [0]))
        #expect(driver.request(0, [Self.header(4)], writable: [1]) == .init(written: 1, data: [0]))
        let bytes = try image.bytes()
        #expect(Array(bytes[5 * size..<6 * size]) == text)
        #expect(Array(bytes[..<(5 * size)]) == (0..<5 * sectors).flatMap { [UInt8](repeating: UInt8($0), count: 512) })
        #expect(
            device.counters.snapshot
                == .init(requests: 3, bytesIn: UInt64(2 * size), bytesOut: UInt64(size), errors: 0))
    }

    @Test func largeDirectTransfersGoThroughTheBounceBufferWhole() throws {
        let image = try Image(sectors: 8192)
        let driver = SimulatedDriver(try image.device(direct: true), memory: SimulatedMemory(count: 16 << 20))
        try driver.activate()
        let reply = driver.request(0, [Self.header(0)], writable: [3 << 20, (1 << 20) - 3, 3 + 1])
        #expect(try reply?.data.dropLast().elementsEqual(image.bytes()) == true)
        let text = (0..<3 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 5) }
        let wrote = driver.request(0, [Self.header(1, sector: 8), [text[0]], Array(text.dropFirst())], writable: [1])
        #expect(wrote?.data == [0])
        #expect(try image.bytes()[4096...].starts(with: text))
    }

    @Test func saysWhatItIs() throws {
        let image = try Image(sectors: 63)
        let device = try image.device(queues: 2)
        #expect(configuration(device, 0) as UInt64 == 63)
        #expect(configuration(device, 12) as UInt32 == 254)
        #expect(configuration(device, 20) as UInt32 == 512)
        #expect(configuration(device, 34) as UInt16 == 2)
        #expect(configuration(device, 36) as UInt32 == BlockDevice.rangeSectors)
        #expect(configuration(device, 56) as UInt8 == 1)
        #expect(configuration(device, 60) as UInt64 == 0)
        #expect(configuration(device, .max) as UInt64 == 0)
        let driver = try started(device)
        let reply = driver.request(1, [Self.header(8)], writable: [20, 1])
        #expect(reply?.data == Array("disk-0".utf8) + [UInt8](repeating: 0, count: 15))
    }

    @Test func discardAndWriteZeroesGiveZerosAndSpaceBack() throws {
        let image = try Image(sectors: 4096)
        let driver = try started(try image.device())
        let before = try image.blocks()
        var reply = driver.request(
            0, [Self.header(11), Self.range(sector: 1024, count: 1024) + Self.range(sector: 3000, count: 8)],
            writable: [1])
        #expect(reply?.data == [0])
        #expect(try image.blocks() < before)
        reply = driver.request(0, [Self.header(13), Self.range(sector: 1, count: 2)], writable: [1])
        #expect(reply?.data == [0])
        reply = driver.request(0, [Self.header(13), Self.range(sector: 2048, count: 64, flags: 1)], writable: [1])
        #expect(reply?.data == [0])
        let bytes = try image.bytes()
        for sector in 0..<4096 {
            let zeroed =
                (1024..<2048).contains(sector) || (3000..<3008).contains(sector) || (1..<3).contains(sector)
                || (2048..<2112).contains(sector)
            guard bytes[sector * 512] == (zeroed ? 0 : UInt8(truncatingIfNeeded: sector)) else {
                Issue.record("sector \(sector) has \(bytes[sector * 512])")
                return
            }
        }
        #expect(bytes.count == 4096 * 512, "its size stays")
    }

    /// What can't be done, and how the driver is told.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var readable: [[UInt8]]
        var writable = [1]
        var status: UInt8 = 1
        var readOnly = false
    }
    static let refusals: [Refusal] = [
        .init(testDescription: "read over the end", readable: [header(0, sector: 63)], writable: [1024, 1]),
        .init(testDescription: "read beyond the end", readable: [header(0, sector: 64)], writable: [512, 1]),
        .init(testDescription: "sector wraps", readable: [header(0, sector: .max / 512 + 1)], writable: [512, 1]),
        .init(testDescription: "last sector there is", readable: [header(0, sector: .max)], writable: [512, 1]),
        .init(testDescription: "half a sector", readable: [header(0)], writable: [256, 1]),
        .init(
            testDescription: "write over the end",
            readable: [header(1, sector: 63), [UInt8](repeating: 9, count: 1024)]),
        .init(testDescription: "write of half a sector", readable: [header(1), [UInt8](repeating: 9, count: 256)]),
        .init(testDescription: "short header", readable: [Array(header(0).prefix(15))], writable: [512, 1]),
        .init(testDescription: "no header", readable: []),
        .init(testDescription: "unknown", readable: [header(99)], status: 2),
        .init(testDescription: "short identity", readable: [header(8)], writable: [19, 1]),
        .init(testDescription: "no ranges", readable: [header(11)]),
        .init(testDescription: "half a range", readable: [header(11), Array(range(sector: 0, count: 1).prefix(8))]),
        .init(testDescription: "range over the end", readable: [header(11), range(sector: 60, count: 5)]),
        .init(testDescription: "range wraps", readable: [header(13), range(sector: .max, count: .max)]),
        .init(testDescription: "range too large", readable: [header(13), range(sector: 0, count: .max)]),
        .init(
            testDescription: "too many ranges",
            readable: [header(11), (0..<33).flatMap { range(sector: $0, count: 1) }]),
        .init(
            testDescription: "unmap of a discard", readable: [header(11), range(sector: 0, count: 1, flags: 1)],
            status: 2),
        .init(
            testDescription: "reserved flag", readable: [header(13), range(sector: 0, count: 1, flags: 2)], status: 2),
        .init(
            testDescription: "write to a read-only disk", readable: [header(1), [UInt8](repeating: 9, count: 512)],
            readOnly: true),
        .init(
            testDescription: "discard of a read-only disk", readable: [header(11), range(sector: 0, count: 1)],
            readOnly: true),
    ]

    @Test(arguments: refusals)
    func refusesWhatCannotBeDoneAndGoesOn(refusal: Refusal) throws {
        let image = try Image(sectors: 64)
        let before = try image.bytes()
        let device = try image.device(readOnly: refusal.readOnly)
        let driver = try started(device)
        let reply = try #require(driver.request(0, refusal.readable, writable: refusal.writable))
        #expect(reply.data.last == refusal.status)
        #expect(reply.written <= 1)
        #expect(device.counters.snapshot.errors == 1)
        #expect(try image.bytes() == before)
        #expect(driver.request(0, [Self.header(0, sector: 63)], writable: [512, 1])?.data.first == 63)
        #expect(!driver.interrupt.needsReset)
    }

    @Test func requestWithoutRoomForItsStatusCostsTheDeviceUntilAReset() throws {
        let image = try Image(sectors: 64)
        let driver = try started(try image.device())
        _ = driver.queues[0].add([.init(address: driver.memory.place(Self.header(4)), count: 16)])
        driver.kick(0)
        #expect(driver.waitForConfigurationChange())
        #expect(driver.interrupt.needsReset)
        #expect(driver.failures.texts == ["request 0 of a disk has no room for its status"])
        driver.reset()
        try driver.activate()
        #expect(driver.request(0, [Self.header(0, sector: 7)], writable: [512, 1])?.data.first == 7)
    }

    @Test func queueWhereThereIsNoMemoryIsRefusedAndAnotherOneIsNot() throws {
        let image = try Image(sectors: 64)
        let device = try image.device(queues: 2)
        let driver = SimulatedDriver(device)
        let queue = SimulatedQueue(driver.memory)
        var wrong = queue.layout
        wrong.used = 1 << 40
        let events = [bh_eventfd(), bh_eventfd()]
        defer { for event in events { close(event) } }
        #expect(throws: VirtioError.self) {
            try device.activate(
                VirtioActivation(
                    features: driver.features, memory: driver.memory.memory, queues: [queue.layout, wrong],
                    notifications: events, interrupt: driver.interrupt))
        }
        device.reset()
        try driver.activate()
        #expect(driver.request(1, [Self.header(0, sector: 7)], writable: [512, 1])?.data.first == 7)
    }

    @Test func manyRequestsOnTwoQueuesAreAllDone() throws {
        let image = try Image(sectors: 256)
        let driver = SimulatedDriver(try image.device(queues: 2), queueSize: 64)
        try driver.activate()
        let memory = driver.memory
        for round in 0..<50 {
            var places: [[UInt64]] = [[], []]
            for queue in 0..<2 {
                for index in 0..<20 {
                    let place = memory.allocate(513)
                    let sector = UInt64((round * 20 + index + queue * 7) % 256)
                    places[queue].append(place)
                    driver.queues[queue].add([
                        .init(address: memory.place(Self.header(0, sector: sector)), count: 16),
                        .init(address: place, count: 513, writable: true),
                    ])
                    driver.notify(queue)
                }
            }
            for queue in 0..<2 {
                guard driver.used(queue, atLeast: 20).count == 20 else {
                    Issue.record("round \(round): queue \(queue) stands still")
                    return
                }
                for (index, place) in places[queue].enumerated() {
                    let got = memory.read(place, 513)
                    guard got[0] == UInt8((round * 20 + index + queue * 7) % 256), got[512] == 0 else {
                        Issue.record("round \(round): request \(index) of queue \(queue) is wrong")
                        return
                    }
                }
            }
        }
    }

    @Test func limitKeepsRequestsBackUntilItIsLifted() throws {
        let image = try Image(sectors: 64)
        // One operation in 12 days.
        let device = try image.device(limits: .init(operations: .init(size: 1, refillMilliseconds: 1 << 30)))
        let driver = try started(device)
        #expect(driver.request(0, [Self.header(4)], writable: [1])?.data == [0])
        let place = driver.memory.allocate(1)
        driver.queues[0].add([
            .init(address: driver.memory.place(Self.header(4)), count: 16),
            .init(address: place, count: 1, writable: true),
        ])
        driver.notify(0)
        #expect(driver.used(0, seconds: 1).isEmpty)
        device.setLimits(.init())
        #expect(driver.used(0).count == 1)
        // A reset with a waiting request.
        device.setLimits(.init(operations: .init(size: 1, refillMilliseconds: 1 << 30)))
        #expect(driver.request(0, [Self.header(4)], writable: [1])?.data == [0])
        driver.queues[0].add([
            .init(address: driver.memory.place(Self.header(4)), count: 16),
            .init(address: place, count: 1, writable: true),
        ])
        driver.notify(0)
        driver.reset()
        try driver.activate()
        device.setLimits(.init(operations: .init(size: 1, refillMilliseconds: 1)))
        for _ in 0..<5 { #expect(driver.request(0, [Self.header(4)], writable: [1])?.data == [0]) }
    }

    @Test func whatIsNoDiskIsRefusedByName() throws {
        #expect(throws: SystemError.self) {
            _ = try BlockFile(Descriptor.open("/dev/null", .readWrite), readOnly: false)
        }
        #expect(throws: SystemError.self) { _ = try BlockFile(Descriptor.open("/tmp"), readOnly: true) }
    }

    @Test func writesAreSafeWithoutFlushIfTheDriverDoesNotKnowIt() throws {
        let image = try Image(sectors: 64)
        let driver = try started(try image.device(), without: BlockDevice.Feature.flush)
        let reply = driver.request(0, [Self.header(1, sector: 1), [UInt8](repeating: 0xEE, count: 512)], writable: [1])
        #expect(reply?.data == [0])
        #expect(try image.bytes()[512] == 0xEE)
    }
}
