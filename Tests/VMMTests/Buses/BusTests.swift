import Synchronization
import Testing

@testable import VMM

/// Which device answers, and what is there where none does.
@Suite struct BusTests {
    /// Reads as where it was asked, and remembers where it was written to.
    private final class Echo: BusDevice {
        let written = Mutex<[UInt64]>([])

        func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) {
            for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: offset) }
        }

        func write(at offset: UInt64, from bytes: UnsafeRawBufferPointer) { written.withLock { $0.append(offset) } }
    }

    private func read(_ bus: Bus, _ address: UInt64, count: Int = 1) -> [UInt8] {
        var bytes = [UInt8](repeating: 0x55, count: count)
        bytes.withUnsafeMutableBytes { bus.read(at: address, into: $0) }
        return bytes
    }

    @Test func theDeviceAtThePlaceAnswers() throws {
        let (one, two) = (Echo(), Echo())
        let bus = try Bus([Bus.Mapping(0x2000..<0x3000, two), Bus.Mapping(0x1000..<0x1010, one)])
        #expect(read(bus, 0x1003) == [3])
        #expect(read(bus, 0x2FFF) == [0xFF])
        #expect(read(bus, 0x2042, count: 4) == [0x42, 0x42, 0x42, 0x42])
        [1, 2].withUnsafeBytes { bus.write(at: 0x2008, from: $0) }
        #expect(two.written.withLock { $0 } == [8])
        #expect(one.written.withLock { $0 } == [])
    }

    @Test(arguments: [0, 0xFFF, 0x1010, 0x1FFF, 0x3000, .max, 0x100D] as [UInt64])
    func nothingReadsAsAllOnesAndWritesChangeNothing(address: UInt64) throws {
        let device = Echo()
        let bus = try Bus([Bus.Mapping(0x1000..<0x1010, device)])
        #expect(read(bus, address, count: 4) == [0xFF, 0xFF, 0xFF, 0xFF])
        [UInt32(1)].withUnsafeBytes { bus.write(at: address, from: $0) }
        #expect(device.written.withLock { $0 } == [])
    }

    @Test func twoDevicesAtOnePlaceAreRefused() {
        #expect(throws: VMMError.self) {
            try Bus([Bus.Mapping(0x1000..<0x2000, Echo()), Bus.Mapping(0x1FFF..<0x2000, Echo())])
        }
    }
}
