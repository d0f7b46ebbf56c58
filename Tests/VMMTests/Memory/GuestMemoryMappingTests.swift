import Glibc
import Linux
import Testing

@testable import VMM

/// The file behind the guest's memory.
@Suite struct GuestMemoryMappingTests {
    @Test func memoryIsSplitAroundTheHole() throws {
        let mapping = try GuestMemoryMapping(count: 4 << 30)
        #expect(mapping.memory.low.count == 3 << 30)
        #expect(mapping.memory.high.count == 1 << 30)
        #expect(mapping.memory.store(UInt64(42), at: (5 << 30) - 8))
        #expect(!mapping.memory.store(UInt8(42), at: 5 << 30))
        #expect(mapping.backing.offset(of: (5 << 30) - 8, count: 8) == (4 << 30) - 8)
        #expect(mapping.backing.offset(of: 3 << 30, count: 1) == nil)
    }

    @Test func releasedPagesGoBackToTheHostAndReadAsZeros() throws {
        let mapping = try GuestMemoryMapping(count: 16 << 20)
        for page in 0..<UInt64(1024) { #expect(mapping.memory.store(UInt64(1), at: page * 4096)) }
        let before = try blocks(of: mapping)
        // From within the first page to within the last: only those between are whole.
        #expect(try mapping.backing.release(100, count: 1023 * 4096) == 1022 * 4096)
        #expect(try before - blocks(of: mapping) == 1022 * 8)
        #expect(mapping.memory.load(UInt64.self, at: 0) == 1)
        #expect(mapping.memory.load(UInt64.self, at: 4096) == 0)
        #expect(mapping.memory.load(UInt64.self, at: 1023 * 4096) == 1)
    }

    @Test(
        arguments: [(16 << 20, 4096), (0, (16 << 20) + 4096), (.max - 4095, 8192), (4096, 100)] as [(UInt64, UInt64)])
    func whatIsNotMemoryIsNotReleased(address: UInt64, count: UInt64) throws {
        let mapping = try GuestMemoryMapping(count: 16 << 20)
        #expect(try mapping.backing.release(address, count: count) == 0)
    }

    @Test func theFileKeepsItsSize() throws {
        let mapping = try GuestMemoryMapping(count: 1 << 20)
        #expect(ftruncate(mapping.file.rawValue, 4096) == -1)
        #expect(ftruncate(mapping.file.rawValue, 2 << 20) == -1)
    }

    @Test(arguments: [0, 4096, (1 << 20) + 1, .max] as [UInt64])
    func anImpossibleSizeIsRefused(count: UInt64) {
        #expect(throws: VMMError.self) { _ = try GuestMemoryMapping(count: count) }
    }

    private func blocks(of mapping: borrowing GuestMemoryMapping) throws -> Int {
        var status = stat()
        guard fstat(mapping.file.rawValue, &status) == 0 else { throw SystemError("fstat", code: errno) }
        return status.st_blocks
    }
}
