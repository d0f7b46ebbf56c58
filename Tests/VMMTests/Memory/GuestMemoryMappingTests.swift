import Glibc
import Linux
import Testing

@testable import VMM

/// What is behind the guest's memory: a file, if it is shared, or this process's own memory.
@Suite struct GuestMemoryMappingTests {
    @Test(arguments: [false, true])
    func memoryIsSplitAroundTheHole(isShared: Bool) throws {
        let mapping = try GuestMemoryMapping(count: 4 << 30, isShared: isShared)
        #expect(mapping.memory.low.count == 3 << 30)
        #expect(mapping.memory.high.count == 1 << 30)
        #expect(mapping.memory.store(UInt64(42), at: (5 << 30) - 8))
        #expect(!mapping.memory.store(UInt8(42), at: 5 << 30))
        #expect(mapping.backing.offset(of: (5 << 30) - 8, count: 8) == (4 << 30) - 8)
        #expect(mapping.backing.offset(of: 3 << 30, count: 1) == nil)
    }

    @Test(arguments: [false, true])
    func releasedPagesGoBackToTheHostAndReadAsZeros(isShared: Bool) throws {
        let mapping = try GuestMemoryMapping(count: 16 << 20, isShared: isShared)
        for page in 0..<UInt64(1024) { #expect(mapping.memory.store(UInt64(1), at: page * 4096)) }
        let before = mapping.backing.used
        #expect(before == 4 << 20)
        // From within the first page to within the last: only those between are whole.
        #expect(try mapping.backing.release(100, count: 1023 * 4096) == 1022 * 4096)
        #expect(before - mapping.backing.used == 1022 * 4096)
        #expect(mapping.memory.load(UInt64.self, at: 0) == 1)
        #expect(mapping.memory.load(UInt64.self, at: 4096) == 0)
        #expect(mapping.memory.load(UInt64.self, at: 1023 * 4096) == 1)
    }

    @Test func memoryOfOneProcessIsUsedWhereItWasTouched() throws {
        let mapping = try GuestMemoryMapping(count: (4 << 30) + 4096)
        #expect(mapping.backing.used == 0)
        #expect(mapping.memory.store(UInt64(1), at: (5 << 30) as UInt64))
        #expect(mapping.backing.used == 4096, "the last page is in no large one")
        #expect(mapping.memory.store(UInt64(1), at: (4 << 30) as UInt64))
        let more = mapping.backing.used - 4096
        #expect(more == 4096 || more == GuestMemoryMapping.largePage)
    }

    @Test func memoryOfOneProcessIsNotShared() throws {
        let mapping = try GuestMemoryMapping(count: 1 << 20)
        #expect(mapping.backing.file == nil)
        #expect(throws: SystemError.self) { _ = try mapping.shareFile() }
    }

    @Test func theFileIsTheMemory() throws {
        let mapping = try GuestMemoryMapping(count: 4 << 20, isShared: true)
        #expect(mapping.memory.store(UInt64(42), at: 3 << 20))
        var value: UInt64 = 0
        let file = try mapping.shareFile()
        #expect(pread(file.rawValue, &value, 8, 3 << 20) == 8)
        #expect(value == 42)
    }

    @Test(
        arguments: [(16 << 20, 4096), (0, (16 << 20) + 4096), (.max - 4095, 8192), (4096, 100)] as [(UInt64, UInt64)])
    func whatIsNotMemoryIsNotReleased(address: UInt64, count: UInt64) throws {
        for isShared in [false, true] {
            let mapping = try GuestMemoryMapping(count: 16 << 20, isShared: isShared)
            #expect(try mapping.backing.release(address, count: count) == 0)
        }
    }

    @Test func theFileKeepsItsSize() throws {
        let mapping = try GuestMemoryMapping(count: 1 << 20, isShared: true)
        let file = try mapping.shareFile()
        #expect(ftruncate(file.rawValue, 4096) == -1)
        #expect(ftruncate(file.rawValue, 2 << 20) == -1)
    }

    @Test(arguments: [0, 4096, (1 << 20) + 1, .max] as [UInt64])
    func anImpossibleSizeIsRefused(count: UInt64) {
        #expect(throws: VMMError.self) { _ = try GuestMemoryMapping(count: count) }
    }
}
