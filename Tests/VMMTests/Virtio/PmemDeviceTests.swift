import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

/// Files as a guest's memory.
@Suite(.blocking) struct PmemDeviceTests {
    private func withFile(_ count: Int, _ body: (String) throws -> Void) throws {
        let path = "/var/tmp/bulkhead-pmem-\(getpid())-\(UInt64.random(in: 0...(.max)))"
        defer { unlink(path) }
        try Descriptor.open(path, [.writeOnly, .create]).writeAll(
            (0..<count).map { UInt8(truncatingIfNeeded: $0 % 251) })
        try body(path)
    }

    @Test func fileIsMappedAlignedWithZerosBehindIt() throws {
        try withFile(10_000) { path in
            let mapping = try PmemMapping(Descriptor.open(path, .readWrite), readOnly: false)
            #expect(mapping.count == 2 << 20)
            #expect(UInt(bitPattern: mapping.base) % (2 << 20) == 0)
            let bytes = UnsafeRawBufferPointer(start: mapping.base, count: 2 << 20)
            #expect(bytes[9_999] == UInt8(9_999 % 251))
            #expect(bytes[10_000...].allSatisfy { $0 == 0 })
            // Somebody else who maps it sees the same pages.
            let other = try PmemMapping(Descriptor.open(path), readOnly: true)
            mapping.base.storeBytes(of: 0xAB, as: UInt8.self)
            #expect(other.base.load(as: UInt8.self) == 0xAB)
        }
    }

    @Test func guestFindsItsAddressAndFlushReachesTheFile() throws {
        try withFile(4 << 20) { path in
            let mapping = try PmemMapping(Descriptor.open(path, .readWrite), readOnly: false)
            let device = try PmemDevice(mapping, address: 16 << 30, thread: IOThread("pmem"))
            var space = [UInt64](repeating: 9, count: 3)
            space.withUnsafeMutableBytes { device.readConfiguration(at: 0, into: $0) }
            #expect(space == [16 << 30, 4 << 20, 0])
            let driver = SimulatedDriver(device)
            try driver.activate()
            (mapping.base + 5000).storeBytes(of: 0xCD, as: UInt8.self)
            #expect(driver.request(0, [[0, 0, 0, 0]], writable: [4]) == .init(written: 4, data: [0, 0, 0, 0]))
            #expect(try Descriptor.open(path).readAll()[5000] == 0xCD)
            for wrong in [[1, 0, 0, 0], [0, 0]] as [[UInt8]] {
                #expect(driver.request(0, [wrong], writable: [4])?.data == [255, 255, 255, 255])
            }
            #expect(driver.request(0, [[0, 0, 0, 0]], writable: [3])?.written == 0)
            #expect(device.counters.snapshot == .init(requests: 4, errors: 2))
        }
    }

    @Test func readOnlyMemoryIsFlushedWithoutAFile() throws {
        try withFile(100) { path in
            let mapping = try PmemMapping(Descriptor.open(path), readOnly: true)
            let driver = SimulatedDriver(try PmemDevice(mapping, address: 4 << 30, thread: IOThread("pmem")))
            try driver.activate()
            #expect(driver.request(0, [[0, 0, 0, 0]], writable: [4])?.data == [0, 0, 0, 0])
        }
    }

    @Test func whatCannotBeMappedIsRefused() throws {
        try withFile(0) { path in
            #expect(throws: SystemError.self) { _ = try PmemMapping(Descriptor.open(path), readOnly: true) }
        }
        try withFile(1) { path in
            #expect(throws: SystemError.self) { _ = try PmemMapping(Descriptor.open(path), readOnly: false) }
            let mapping = try PmemMapping(Descriptor.open(path), readOnly: true)
            #expect(throws: SystemError.self) {
                _ = try PmemDevice(mapping, address: 4096, thread: IOThread("pmem"))
            }
        }
        #expect(throws: SystemError.self) { _ = try PmemMapping(Descriptor.open("/dev/zero"), readOnly: true) }
    }
}
