import Testing

@testable import VMM

/// Which of the guest's addresses are memory.
@Suite struct GuestMemoryTests {
    private func withMemory(_ body: (GuestMemory) throws -> Void) rethrows {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: 8192, alignment: 4096)
        defer { bytes.deallocate() }
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: 8192)
        try body(
            GuestMemory(
                low: .init(start: 0, count: 4096, base: bytes),
                high: .init(start: GuestMemory.highStart, count: 4096, base: bytes + 4096)))
    }

    @Test func valuesAreWhereTheyWereWritten() {
        withMemory { memory in
            #expect(memory.store(UInt32(0x1234_5678), at: 4092))
            #expect(memory.store(UInt16(0xABCD), at: GuestMemory.highStart + 1))
            #expect(memory.load(UInt32.self, at: 4092) == 0x1234_5678)
            #expect(memory.load(UInt16.self, at: GuestMemory.highStart + 1) == 0xABCD)
            #expect(memory.load(UInt8.self, at: 4092) == 0x78)
        }
    }

    @Test(
        arguments: [
            (4093, 4), (4096, 1), (GuestMemory.hole, 8), (GuestMemory.highStart - 1, 2),
            (GuestMemory.highStart + 4095, 2),
            (GuestMemory.highStart + 4096, 1), (.max, 1), (.max - 3, 8), (0, .max), (1, .max), (0, 0), (0, 4097),
        ] as [(UInt64, UInt64)])
    func whatIsNotAllMemoryIsNone(address: UInt64, count: UInt64) {
        withMemory { memory in #expect(memory.pointer(address, count: count) == nil) }
    }
}
