import Testing

@testable import VMM

/// The bytes that ASL stands for, put together by hand from ACPI 6.5, section 20.2.
@Suite struct AMLTests {
    @Test(
        arguments: [
            (0, [0x00]), (1, [0x01]), (2, [0x0A, 0x02]), (0xFF, [0x0A, 0xFF]), (0x100, [0x0B, 0x00, 0x01]),
            (0x1_0000, [0x0C, 0, 0, 1, 0]), (0x1_0000_0000, [0x0E, 0, 0, 0, 0, 1, 0, 0, 0]),
        ] as [(UInt64, [UInt8])])
    func aNumberHasItsShortestForm(value: UInt64, bytes: [UInt8]) {
        #expect(AML.integer(value).bytes == bytes)
    }

    @Test func namesAreFourCharactersAndPathsHaveTheirPrefix() {
        #expect(AML.name("_S5", .integer(0)).bytes == [0x08] + Array("_S5_".utf8) + [0])
        #expect(AML.name("\\_S5", .integer(0)).bytes == [0x08] + Array("\\_S5_".utf8) + [0])
        #expect(AML.notify("\\_SB.PWRB", 0x80).bytes == [0x86, 0x5C, 0x2E] + Array("_SB_PWRB".utf8) + [0x0A, 0x80])
        #expect(AML.notify("A.B.C", 1).bytes == [0x86, 0x2F, 3] + Array("A___B___C___".utf8) + [0x01])
    }

    @Test func anIdentificationIsCompressed() {
        // EisaId ("PNP0501") is 0x0105D041.
        #expect(AML.identification("PNP0501").bytes == [0x0C, 0x41, 0xD0, 0x05, 0x01])
        #expect(AML.identification("PNP0C0C").bytes == [0x0C, 0x41, 0xD0, 0x0C, 0x0C])
    }

    @Test(
        arguments: [
            (62, [0x3F]), (63, [0x41, 0x04]), (4093, [0x4F, 0xFF]), (4094, [0x81, 0x00, 0x01]),
        ] as [(Int, [UInt8])])
    func aLengthCountsItself(content: Int, prefix: [UInt8]) {
        // A scope's content is its path, `\`, `_SB_`, and then terms of one byte each.
        let terms = [AML](repeating: .integer(0), count: content - 5)
        let bytes = AML.scope("\\_SB", terms).bytes
        #expect(Array(bytes[1...prefix.count]) == prefix)
        #expect(bytes.count == 1 + prefix.count + content)
    }

    @Test func resourcesAreDescribed() {
        #expect(
            AML.resources([.memory(0xC000_1000, count: 0x1000), .interrupt(6)]).bytes
                == [0x11, 0x1A, 0x0A, 0x17]
                + [0x86, 9, 0, 1, 0, 0x10, 0, 0xC0, 0, 0x10, 0, 0]
                + [0x89, 6, 0, 3, 1, 6, 0, 0, 0] + [0x79, 0])
        #expect(AMLResource.ports(0x3F8..<0x400).bytes == [0x47, 1, 0xF8, 3, 0xF8, 3, 1, 8])
    }
}
