import Testing

@testable import VMM

/// What a kernel finds in memory when it begins.
@Suite final class BootLoaderTests {
    private let mapping: GuestMemoryMapping
    private var memory: GuestMemory { mapping.memory }
    private let tables: [UInt8] = Array("RSD PTR ".utf8)

    init() throws { mapping = try GuestMemoryMapping(count: 32 << 20) }

    private var elf: TestELF {
        var file = TestELF()
        file.segments = [TestELF.Segment(address: 0x100_0000, content: [1, 2, 3, 4], memoryCount: 0x1800)]
        return file
    }

    private func load(
        _ kernel: [UInt8], initrd: [UInt8]? = nil, commandLine: String = "quiet"
    ) throws -> ProcessorStart {
        let loader = BootLoader(memory: mapping.backing)
        let kernel = try GuestProgram.file(kernel, name: "test kernel")
        guard let initrd else {
            return try loader.load(kernel: kernel, initrd: nil, commandLine: commandLine, tables: tables)
        }
        return try loader.load(
            kernel: kernel, initrd: try GuestProgram.file(initrd, name: "test initrd"), commandLine: commandLine,
            tables: tables)
    }

    private func number<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, _ address: UInt64) -> Number?
    {
        memory.load(type, at: address)
    }

    private func text(_ address: UInt64) -> String {
        var bytes: [UInt8] = []
        while let byte = memory.load(UInt8.self, at: address + UInt64(bytes.count)), byte != 0 { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func pvhFindsItsStartInformation() throws {
        var file = elf
        file.note = TestELF.note(entry: UInt32(0x100_0000))
        let start = try load(file.bytes, initrd: [5, 6, 7])
        #expect(start.instruction == 0x100_0000)
        #expect(start.cr0 == 0x11)
        #expect(start.code.limit == 0xFFFF_FFFF)
        let information = start.rbx
        #expect(number(UInt32.self, information) == 0x336E_C578)
        #expect(number(UInt32.self, information + 4) == 1)
        #expect(number(UInt32.self, information + 12) == 1)
        let module = try #require(number(UInt64.self, information + 16))
        let initrd = try #require(number(UInt64.self, module))
        #expect(number(UInt64.self, module + 8) == 3)
        #expect(initrd == (32 << 20) - 4096)
        #expect(number(UInt16.self, initrd) == 0x0605)
        #expect(text(try #require(number(UInt64.self, information + 24))) == "quiet")
        #expect(text(try #require(number(UInt64.self, information + 32))) == "RSD PTR ")
        let map = try #require(number(UInt64.self, information + 40))
        #expect(number(UInt32.self, information + 48) == 3)
        #expect(number(UInt64.self, map + 48) == 1 << 20)
        #expect(number(UInt64.self, map + 56) == 31 << 20)
        #expect(number(UInt32.self, map + 64) == 1)
    }

    @Test func linuxFindsItsBootParameters() throws {
        let start = try load(elf.bytes, initrd: [5, 6, 7])
        let page = start.rsi
        #expect(number(UInt16.self, page + 0x1FE) == 0xAA55)
        #expect(text(page + 0x202).hasPrefix("HdrS"))
        #expect(number(UInt64.self, page + 0x70) == BootLayout.tables)
        #expect(number(UInt8.self, page + 0x210) == 0xFF)
        #expect(number(UInt32.self, page + 0x218) == UInt32((32 << 20) - 4096))
        #expect(number(UInt32.self, page + 0x21C) == 3)
        #expect(text(UInt64(try #require(number(UInt32.self, page + 0x228)))) == "quiet")
        #expect(number(UInt8.self, page + 0x1E8) == 3)
        #expect(number(UInt64.self, page + 0x2D0 + 40) == 1 << 20)
        // Descriptors and page tables are where the registers say.
        #expect(number(UInt64.self, start.descriptorTable + 0x10) == 0x00AF_9B00_0000_FFFF)
        #expect(number(UInt64.self, start.descriptorTable + 0x18) == 0x00CF_9300_0000_FFFF)
        var table = start.cr3
        for index in [0, 3] as [UInt64] {
            let entry = try #require(number(UInt64.self, table + index * 8))
            table = entry & ~0xFFF
        }
        #expect(number(UInt64.self, table + 511 * 8) == 0xFFE0_0083)
    }

    @Test func anInitrdThatTheKernelCanNotReachOrThatDoesNotFitIsRefused() throws {
        #expect(throws: VMMError.self) { try load(elf.bytes, initrd: [UInt8](repeating: 0, count: 16 << 20)) }
        #expect(throws: VMMError.self) { try load(elf.bytes, initrd: []) }
        var image = GuestProgram.bzImage(of: [UInt8](repeating: 0x90, count: 0x300), address: 0x100_0000)
        image.store(littleEndian: UInt32(0x17F_FFFF), at: 0x22C)
        let start = try load(image, initrd: [1])
        #expect(number(UInt32.self, start.rsi + 0x218) == 0x17F_F000)
    }

    @Test func whoJumpsToTheResetVectorResets() throws {
        _ = try load(elf.bytes)
        // mov al, 0xFE; out 0x64, al
        #expect(number(UInt32.self, 0xFFFF0) == 0x64E6_FEB0)
    }

    @Test func aCommandLineThatIsTooLongIsRefused() throws {
        _ = try load(elf.bytes, commandLine: String(repeating: "a", count: 2047))
        #expect(throws: VMMError.self) {
            try load(elf.bytes, commandLine: String(repeating: "a", count: 2048))
        }
        #expect(throws: VMMError.self) { try load(elf.bytes, commandLine: "a\0b") }
    }
}
