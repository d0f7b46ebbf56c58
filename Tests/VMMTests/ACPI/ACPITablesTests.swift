import Testing

@testable import VMM

/// What a kernel that follows the tables from the RSDP on comes to know.
@Suite struct ACPITablesTests {
    private static let start: UInt64 = 0xE0000

    /// The bytes of a machine's tables, and the tables that are found in them.
    private struct Found {
        let all: [UInt8]

        init(processors: UInt32 = 2, slots: Int = 3, hasSerialPort: Bool = true) throws {
            let slots = (0..<slots).map { index in
                Board.Slot(address: BootLayout.devices + UInt64(index) * 0x1000, line: 5 + UInt32(index))
            }
            let board = Board(slots: slots, hasSerialPort: hasSerialPort)
            all = try ACPITables(processors: processors, board: board).bytes(at: ACPITablesTests.start)
        }

        func table(at address: UInt64) throws -> [UInt8] {
            let position = Int(address - ACPITablesTests.start)
            let count = Int(try #require(all.number(UInt32.self, at: position + 4)))
            let bytes = Array(all[position..<position + count])
            #expect(bytes.reduce(0, &+) == 0, "checksum of \(String(decoding: bytes[..<4], as: UTF8.self))")
            return bytes
        }

        func table(_ signature: String) throws -> [UInt8] {
            let extended = try table(at: try #require(all.number(UInt64.self, at: 24)))
            #expect(extended.starts(with: Array("XSDT".utf8)))
            for position in stride(from: 36, to: extended.count, by: 8) {
                let found = try table(at: try #require(extended.number(UInt64.self, at: position)))
                if found.starts(with: Array(signature.utf8)) { return found }
            }
            throw GuestError("no table \(signature)")
        }
    }

    @Test func theRootIsValid() throws {
        let all = try Found().all
        #expect(all.starts(with: Array("RSD PTR ".utf8)))
        #expect(all[..<20].reduce(0, &+) == 0)
        #expect(all[..<36].reduce(0, &+) == 0)
        #expect(all[15] == 2)
        #expect(all.number(UInt32.self, at: 20) == 36)
    }

    @Test func theHardwareIsReducedAndHasItsRegisters() throws {
        let found = try Found()
        let fixed = try found.table("FACP")
        #expect(fixed.count == 276)
        let flags = try #require(fixed.number(UInt32.self, at: 112))
        #expect(flags & 1 << 20 != 0)
        #expect(flags & 1 << 10 != 0)
        // Ports, 8 bits, from bit 0, by bytes.
        for (position, port) in [(116, 0x602), (244, 0x600), (256, 0x601)] as [(Int, UInt64)] {
            #expect(Array(fixed[position..<position + 4]) == [1, 8, 0, 1])
            #expect(fixed.number(UInt64.self, at: position + 4) == port)
        }
        #expect(fixed[128] == 1)
        let differentiated = try found.table(at: try #require(fixed.number(UInt64.self, at: 140)))
        #expect(differentiated.starts(with: Array("DSDT".utf8)))
    }

    @Test(arguments: [1, 2, 32] as [UInt32])
    func everyProcessorHasItsController(processors: UInt32) throws {
        let interrupts = try Found(processors: processors).table("APIC")
        #expect(interrupts.number(UInt32.self, at: 36) == 0xFEE0_0000)
        var position = 44
        var numbers: [UInt8] = []
        var others: [UInt8] = []
        while position < interrupts.count {
            if interrupts[position] == 0 {
                numbers.append(interrupts[position + 3])
                #expect(interrupts.number(UInt32.self, at: position + 4) == 1)
            } else {
                others.append(interrupts[position])
                #expect(interrupts.number(UInt32.self, at: position + 4) == 0xFEC0_0000)
            }
            position += Int(interrupts[position + 1])
        }
        #expect(numbers == (0..<UInt8(processors)).map { $0 })
        #expect(others == [1])
    }

    @Test func everySlotIsADeviceInItsOrder() throws {
        let found = try Found(slots: 18)
        let fixed = try found.table("FACP")
        let differentiated = try found.table(at: try #require(fixed.number(UInt64.self, at: 140)))
        var from = 0
        for index in 0..<18 {
            let digits = String(index)
            let name = Array(("V" + String(repeating: "0", count: 3 - digits.count) + digits).utf8)
            let place = try #require(differentiated[from...].firstRange(of: name)?.upperBound)
            var resources: [UInt8] = []
            resources += AMLResource.memory(0xC000_0000 + UInt64(index) * 0x1000, count: 0x1000).bytes
            resources += AMLResource.interrupt(5 + UInt32(index)).bytes
            from = try #require(differentiated[place...].firstRange(of: resources)?.upperBound)
        }
    }

    @Test func aSerialPortIsThereIfItIs() throws {
        for there in [true, false] {
            let found = try Found(hasSerialPort: there)
            #expect((found.all.firstRange(of: Array("COM1".utf8)) != nil) == there)
        }
    }

    @Test func moreDevicesThanThereIsRoomForAreRefused() {
        #expect(throws: VMMError.self) { try Found(slots: 5000) }
    }
}
