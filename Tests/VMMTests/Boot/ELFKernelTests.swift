import Testing

@testable import VMM

/// Kernels as ELF files, and those that are none: hostile files are refused with words, whatever is in them.
@Suite final class ELFKernelTests {
    private let memory: GuestMemoryMapping

    init() throws { memory = try GuestMemoryMapping(count: 32 << 20) }

    private func load(_ bytes: [UInt8]) throws -> LoadedKernel {
        try LoadedKernel.load(try GuestProgram.file(bytes, name: "test kernel"), into: memory.backing)
    }

    @Test func segmentsAreWhereTheyBelongAndThePVHEntryIsPreferred() throws {
        var file = TestELF()
        file.entry = 0x100_0010
        file.segments = [TestELF.Segment(address: 0x100_0000, content: [1, 2, 3, 4], memoryCount: 0x2000)]
        file.note = TestELF.note(entry: UInt32(0x100_0002))
        let kernel = try load(file.bytes)
        #expect(kernel.entry == .pvh(0x100_0002))
        #expect(kernel.end == 0x100_2000)
        #expect(memory.memory.load(UInt32.self, at: 0x100_0000) == 0x0403_0201)
        file.note = TestELF.note(entry: UInt64(0x100_0002))
        #expect(try load(file.bytes).entry == .pvh(0x100_0002))
        file.note = TestELF.note(owner: "GNU", entry: UInt32(0x100_0002))
        #expect(try load(file.bytes).entry == .linux64(0x100_0010, setupHeader: []))
    }

    @Test(arguments: [0, 0x9_0000, 0xF_FFFF, 0x1FF_FFFF, 0x200_0000, .max, .max - 0xFFF] as [UInt64])
    func aSegmentOutsideOfMemoryIsRefused(address: UInt64) throws {
        var file = TestELF()
        file.segments = [TestELF.Segment(address: address, content: [1, 2], memoryCount: 2)]
        #expect(throws: VMMError.self) { try load(file.bytes) }
    }

    @Test(arguments: [0, 1, 3, .max, .max - 0xFF_FFFF, 31 << 20] as [UInt64])
    func aSegmentOfAnImpossibleSizeIsRefused(count: UInt64) throws {
        var file = TestELF()
        file.segments = [TestELF.Segment(address: 0x110_0000, content: [1, 2, 3, 4], memoryCount: count)]
        #expect(throws: VMMError.self) { try load(file.bytes) }
    }

    @Test func anEntryOutsideOfTheSegmentsIsRefused() throws {
        var file = TestELF()
        file.segments = [TestELF.Segment(address: 0x100_0000, content: [1], memoryCount: 16)]
        file.entry = 0x100_0010
        #expect(throws: VMMError.self) { try load(file.bytes) }
        file.entry = 0x100_0000
        file.note = TestELF.note(entry: UInt32(0x10))
        #expect(throws: VMMError.self) { try load(file.bytes) }
    }

    @Test func aFileThatIsCutOffAnywhereIsRefused() throws {
        var file = TestELF()
        file.segments = [TestELF.Segment(address: 0x100_0000, content: [1, 2, 3, 4], memoryCount: 16)]
        file.note = TestELF.note(entry: UInt32(0x100_0000))
        let bytes = file.bytes
        for count in 0..<bytes.count {
            #expect(throws: VMMError.self) { try load(Array(bytes[..<count])) }
        }
    }

    @Test func aDamagedFileIsLoadedOrRefusedButNothingElse() throws {
        var file = TestELF()
        file.segments = [TestELF.Segment(address: 0x100_0000, content: [1, 2, 3, 4], memoryCount: 16)]
        file.note = TestELF.note(entry: UInt32(0x100_0000))
        let bytes = file.bytes
        for index in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged[index] = value
                do { _ = try load(damaged) } catch { #expect(error is VMMError) }
            }
        }
    }

    @Test(arguments: ["", "\u{7F}ELF", "no kernel at all"])
    func whatIsNoKernelIsRefused(text: String) throws {
        #expect(throws: VMMError.self) { try load(Array(text.utf8)) }
    }
}

/// Writes small ELF files.
struct TestELF {
    struct Segment {
        var address: UInt64
        var content: [UInt8]
        var memoryCount: UInt64
    }

    var entry: UInt64 = 0x100_0000
    var segments: [Segment] = []
    var note: [UInt8] = []

    static func note<Address: FixedWidthInteger>(owner: String = "Xen", entry: Address) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(owner.utf8.count + 1))
        bytes.append(littleEndian: UInt32(Address.bitWidth / 8))
        bytes.append(littleEndian: UInt32(18))
        bytes += Array(owner.utf8) + [0]
        bytes.append(littleEndian: entry)
        return bytes
    }

    var bytes: [UInt8] {
        var all = segments.map { (type: UInt32(1), address: $0.address, content: $0.content, memory: $0.memoryCount) }
        if !note.isEmpty { all.append((4, 0, note, UInt64(note.count))) }
        var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
        bytes.append(littleEndian: UInt16(2))
        bytes.append(littleEndian: UInt16(62))
        bytes.append(littleEndian: UInt32(1))
        bytes.append(littleEndian: entry)
        bytes.append(littleEndian: UInt64(64))
        bytes += [UInt8](repeating: 0, count: 12)
        bytes.append(littleEndian: UInt16(64))
        bytes.append(littleEndian: UInt16(56))
        bytes.append(littleEndian: UInt16(all.count))
        bytes += [UInt8](repeating: 0, count: 6)
        var offset = UInt64(64 + 56 * all.count)
        for part in all {
            bytes.append(littleEndian: part.type)
            bytes.append(littleEndian: UInt32(7))
            bytes.append(littleEndian: offset)
            bytes.append(littleEndian: part.address)
            bytes.append(littleEndian: part.address)
            bytes.append(littleEndian: UInt64(part.content.count))
            bytes.append(littleEndian: part.memory)
            bytes.append(littleEndian: UInt64(4))
            offset += UInt64(part.content.count)
        }
        for part in all { bytes += part.content }
        return bytes
    }
}
