import CLinux
import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

/// Every device with drivers that do whatever comes to mind: nothing traps, nothing outside of the guest's memory is
/// touched (pages around it that nobody may touch would end the run), and after a reset the device works as ever.
@Suite("Virtio: fuzzed", .serialized, .blocking) struct VirtioFuzzTests {
    private func word(_ value: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: value)
        return bytes
    }

    /// Attacks a device again and again; `works` says whether it does what it is for.
    private func fuzz(
        _ name: String, _ device: any VirtioDevice, headers: [[UInt8]], features: UInt64 = .max,
        works: (SimulatedDriver) throws -> Bool
    ) throws {
        try FuzzRun.run(name) { numbers in
            do {
                let driver = SimulatedDriver(
                    device, memory: SimulatedMemory(count: 0x20000), queueSize: 8,
                    features: numbers.oneIn(3) ? features & ~VirtioFeature.eventIndex : features)
                try driver.activate()
                QueueFuzz(driver, headers: headers).attack(&numbers)
                driver.reset()
            }
            let driver = SimulatedDriver(device, features: features)
            try driver.activate()
            guard try works(driver) else { throw FuzzFailure("it works no more: \(driver.failures.texts)") }
        }
    }

    @Test func block() throws {
        let image = try BlockDeviceTests.Image(sectors: 64)
        let headers = ([0, 1, 4, 8, 11, 13, 99] as [UInt32]).flatMap { type in
            ([0, 1, 63, 64, .max, .max / 512] as [UInt64]).map { sector in
                BlockDeviceTests.header(type, sector: sector)
                    + (type > 8 ? BlockDeviceTests.range(sector: sector, count: 3, flags: 1) : [])
            }
        }
        try fuzz("block", image.device(queues: 2), headers: headers) { driver in
            let text = [UInt8](repeating: 0x5A, count: 512)
            guard
                driver.request(1, [BlockDeviceTests.header(1, sector: 5), text], writable: [1])?.data == [0],
                driver.request(0, [BlockDeviceTests.header(0, sector: 5)], writable: [512, 1])?.data == text + [0]
            else { return false }
            return try image.bytes().count == 64 * 512
        }
    }

    @Test func directBlock() throws {
        let image = try BlockDeviceTests.Image(sectors: 64)
        let headers = ([0, 1] as [UInt32]).flatMap { type in
            ([0, 8, 63, .max] as [UInt64]).map { BlockDeviceTests.header(type, sector: $0) }
        }
        try fuzz("direct", image.device(direct: true), headers: headers) { driver in
            driver.request(0, [BlockDeviceTests.header(0)], writable: [4096, 1])?.data.last == 0
        }
    }

    @Test func entropy() throws {
        try fuzz("entropy", EntropyDevice(thread: IOThread("rng")), headers: [[1]]) { driver in
            driver.request(0, [], writable: [64])?.written == 64
        }
    }

    @Test func balloon() throws {
        let device = BalloonDevice(thread: try IOThread("balloon")) { (address, count) throws(SystemError) in
            // In pages, and below the end of the memory of these tests.
            guard address % 4096 == 0, count % 4096 == 0, count > 0, address &+ count <= 4 << 20 else {
                Issue.record("release of \(count) bytes at \(address)")
                return 0
            }
            return count
        }
        let headers = ([0, 1, 31, 32, 0xC_0000, 0x10_0000, .max] as [UInt32]).map { word($0) + word($0 &+ 1) + word(9) }
        try fuzz("balloon", device, headers: headers + [[4, 0, 9, 0, 0, 0, 0, 0, 0, 0]]) { driver in
            _ = device.askForStatistics()
            return driver.request(0, [word(3)]) != nil && driver.request(1, [word(3)]) != nil
        }
    }

    @Test func pmem() throws {
        let path = "/var/tmp/bulkhead-pmem-fuzz-\(getpid())"
        defer { unlink(path) }
        try Descriptor.open(path, [.writeOnly, .create]).writeAll([1, 2, 3])
        let mapping = try PmemMapping(Descriptor.open(path, .readWrite), readOnly: false)
        let device = try PmemDevice(mapping, address: 4 << 30, thread: IOThread("pmem"))
        try fuzz("pmem", device, headers: [[0, 0, 0, 0], [1, 0, 0, 0], [0]]) { driver in
            driver.request(0, [[0, 0, 0, 0]], writable: [4])?.data == [0, 0, 0, 0]
        }
    }

    @Test func console() throws {
        let path = "/tmp/bulkhead-console-fuzz-\(getpid())"
        defer { unlink(path) }
        let console = try ConsoleDevice(ports: 3, thread: IOThread("console"))
        let null = try Descriptor.open("/dev/null", .readWrite)
        try console.add(.init(name: "log", end: .output(null.duplicate())))
        try console.add(.init(name: "agent", end: .listener(UnixSocket.listen(path))))
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let host = Descriptor(adopting: ends[0])
        try host.setNonblocking(true)
        try console.add(.init(name: "pair", end: .stream(Descriptor(adopting: ends[1]))))
        var headers: [[UInt8]] = []
        for event: ConsoleMessage.Event in [.deviceReady, .portReady, .portOpen, .resize] {
            for port: UInt32 in [0, 1, 2, 3, .max] {
                for value: UInt16 in [0, 1] { headers.append(ConsoleDeviceTests.Rig.message(port, event, value)) }
            }
        }
        var client: Descriptor? = try UnixSocket.connect(path)
        var rounds = 0
        try fuzz("console", console, headers: headers) { driver in
            rounds += 1
            _ = try host.write([1, 2, 3])
            _ = try host.read(upTo: 1 << 20)
            // Where nobody accepts, because the driver is away, one more can't wait: the one that is there stays.
            if rounds % 8 == 0, let next = try? UnixSocket.connect(path, nonblocking: true) { client = consume next }
            return driver.request(3, [ConsoleDeviceTests.Rig.message(0, .deviceReady, 1)]) != nil
                && driver.request(2, [], writable: [64])?.written == 8
                && driver.request(1, [[65]]) != nil
        }
        _ = client.take()
    }

    @Test func layouts() throws {
        let device = EntropyDevice(thread: try IOThread("rng"))
        try FuzzRun.run("layouts") { numbers in
            let memory = SimulatedMemory(count: 0x20000, high: 0x4000)
            let interrupt = VirtioInterrupt(line: {})
            let event = Descriptor(adopting: bh_eventfd())
            func address(_ numbers: inout FuzzNumbers) -> UInt64 {
                numbers.pick([
                    numbers.below(0x20000), numbers.below(0x20000) & ~15, 0x20000 - numbers.below(64), numbers.next(),
                    GuestMemory.highStart + numbers.below(0x4000), .max - numbers.below(64), GuestMemory.hole,
                ])
            }
            let layout = VirtQueueLayout(
                size: numbers.pick([0, 1, 2, 3, 8, 64, 32768, 65535]), descriptors: address(&numbers),
                available: address(&numbers), used: address(&numbers))
            let activation = VirtioActivation(
                features: numbers.next(), memory: memory.memory, queues: [layout], notifications: [event.rawValue],
                interrupt: interrupt)
            // Refused or taken: both are right.
            do throws(VirtioError) { try device.activate(activation) } catch {}
            for _ in 0..<8 {
                memory.write(numbers.next(), at: numbers.below(0x20000 - 8))
                EventCounter.signal(event.rawValue)
            }
            device.reset()
        }
    }

    @Test func registers() throws {
        let image = try BlockDeviceTests.Image(sectors: 64)
        let device = try image.device()
        try FuzzRun.run("registers") { numbers in
            let memory = SimulatedMemory(count: 0x20000)
            let event = Descriptor(adopting: bh_eventfd())
            let transport = MMIOTransport(
                device, memory: memory.memory, interrupt: VirtioInterrupt(line: {}), notifications: [event.rawValue])
            func write(_ register: UInt64, _ value: UInt32) {
                withUnsafeBytes(of: value) { transport.write(at: register, from: $0) }
            }
            func read(_ register: UInt64) -> UInt32 {
                var value: UInt32 = 0
                withUnsafeMutableBytes(of: &value) { transport.read(at: register, into: $0) }
                return value
            }
            let status: [UInt32] = [1, 3, 11, 15, 15, 15, 0, 128, .max]
            for _ in 0..<200 {
                let register = numbers.oneIn(10) ? numbers.next() : numbers.below(0x140) & ~(numbers.oneIn(4) ? 0 : 3)
                if numbers.oneIn(4) {
                    // In the order that leads to a device with queues.
                    write(MMIORegister.driverFeaturesSelect, 1)
                    write(MMIORegister.driverFeatures, 1)
                    for step in status.prefix(Int(numbers.below(5))) { write(MMIORegister.status, step) }
                }
                var bytes = [UInt8](
                    repeating: 0, count: Int(numbers.pick([4, 4, 4, 4, 1, 2, 8, 0, 3, 16] as [UInt64])))
                if numbers.oneIn(3) {
                    bytes.withUnsafeMutableBytes { transport.read(at: register, into: $0) }
                } else {
                    let value: UInt64 =
                        register == MMIORegister.status
                        ? UInt64(numbers.pick(status)) : numbers.oneIn(2) ? numbers.below(0x200) << 4 : numbers.next()
                    for index in bytes.indices {
                        bytes[index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index % 8)))
                    }
                    bytes.withUnsafeBytes { transport.write(at: register, from: $0) }
                }
            }
            write(MMIORegister.status, 0)
            guard read(MMIORegister.status) == 0, read(MMIORegister.interruptStatus) == 0 else {
                throw FuzzFailure("a reset leaves something")
            }
            write(MMIORegister.status, 1)
            write(MMIORegister.status, 3)
            write(MMIORegister.driverFeaturesSelect, 0)
            write(MMIORegister.driverFeatures, 0)
            write(MMIORegister.driverFeaturesSelect, 1)
            write(MMIORegister.driverFeatures, 1)
            write(MMIORegister.status, 11)
            write(MMIORegister.queueSelect, 0)
            write(MMIORegister.queueSize, 8)
            write(MMIORegister.queueDescriptorsLow, 0x1000)
            write(MMIORegister.queueAvailableLow, 0x2000)
            write(MMIORegister.queueUsedLow, 0x3000)
            for high in [
                MMIORegister.queueDescriptorsHigh, MMIORegister.queueAvailableHigh, MMIORegister.queueUsedHigh,
            ] {
                write(high, 0)
            }
            write(MMIORegister.queueReady, 1)
            for address in stride(from: UInt64(0x1000), to: 0x4000, by: 8) { memory.write(UInt64(0), at: address) }
            write(MMIORegister.status, 15)
            guard read(MMIORegister.status) == 15 else { throw FuzzFailure("no start after a reset") }
            transport.stop()
        }
    }
}
