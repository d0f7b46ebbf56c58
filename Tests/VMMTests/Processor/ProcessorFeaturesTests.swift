import Testing

@testable import VMM

/// What a machine's processors say of themselves.
@Suite struct ProcessorFeaturesTests {
    private static let intel = CPUIDEntry(
        function: 0, eax: 0x1F, ebx: 0x756E_6547, ecx: 0x6C65_746E, edx: 0x4965_6E69)
    private static let amd = CPUIDEntry(
        function: 0, eax: 0x10, ebx: 0x6874_7541, ecx: 0x444D_4163, edx: 0x6974_6E65)
    private static let all = UInt32.max

    private func entry(
        _ entry: CPUIDEntry, vendor: CPUIDEntry = intel, processors: UInt32 = 4, number: UInt32 = 2, timer: Bool = true
    ) throws -> CPUIDEntry {
        let features = ProcessorFeatures(
            supported: [vendor, entry], processors: processors, hasDeadlineTimer: timer)
        return try #require(
            features.entries(for: number).first { $0.function == entry.function && $0.index == entry.index })
    }

    @Test func aProcessorKnowsItsNumberAndThatItIsVirtual() throws {
        let given = CPUIDEntry(function: 1, ebx: Self.all, ecx: 1 << 15, edx: 0)
        let basics = try entry(given)
        #expect(basics.ebx >> 24 == 2)
        #expect(basics.ebx >> 16 & 0xFF == 4)
        #expect(basics.ebx >> 8 & 0xFF == 8)
        #expect(basics.ecx == 1 << 31 | 1 << 24)
        #expect(basics.edx == 1 << 28)
        let single = try entry(given, processors: 1, number: 0, timer: false)
        #expect(single.ecx == 1 << 31)
        #expect(single.edx == 0)
    }

    @Test(arguments: [(1, 0), (2, 1), (3, 2), (4, 2), (32, 5)] as [(UInt32, UInt32)])
    func everyProcessorIsACoreOfOnePackage(processors: UInt32, bits: UInt32) throws {
        // The host's topology, which must not shine through.
        let host = CPUIDEntry(function: 0xB, index: 1, isIndexed: true, eax: 9, ebx: 99, ecx: 0x201, edx: 77)
        let cores = try entry(host, processors: processors, number: processors - 1)
        #expect(
            cores
                == CPUIDEntry(
                    function: 0xB, index: 1, isIndexed: true, eax: bits, ebx: processors, ecx: 0x201,
                    edx: processors - 1))
    }

    @Test func onlyTheLastCacheIsShared() throws {
        let first = CPUIDEntry(function: 4, index: 0, isIndexed: true, eax: 0xFFFF_C000 | 1 << 5 | 1)
        #expect(try entry(first).eax == 3 << 26 | 1 << 5 | 1)
        let last = CPUIDEntry(function: 4, index: 3, isIndexed: true, eax: 3 << 5 | 3)
        #expect(try entry(last).eax == 3 << 26 | 3 << 14 | 3 << 5 | 3)
        let none = CPUIDEntry(function: 4, index: 4, isIndexed: true)
        #expect(try entry(none) == none)
    }

    @Test func whatTheGuestMustNotUseIsNotThere() throws {
        #expect(try entry(CPUIDEntry(function: 6, eax: Self.all, ecx: Self.all)).eax == ~2)
        #expect(try entry(CPUIDEntry(function: 7, isIndexed: true, ecx: Self.all)).ecx & 1 << 5 == 0)
        let counters = try entry(CPUIDEntry(function: 0xA, eax: 8, ebx: 8, ecx: 8, edx: 8))
        #expect(counters == CPUIDEntry(function: 0xA))
    }

    @Test func anAMDProcessorCountsItsCores() throws {
        let size = try entry(CPUIDEntry(function: 0x8000_0008, ecx: Self.all), vendor: Self.amd)
        #expect(size.ecx & 0xFF == 3)
        #expect(size.ecx >> 12 & 0xF == 2)
        let topology = try entry(CPUIDEntry(function: 0x8000_001E, eax: 9, ebx: 0x101, ecx: 0x301), vendor: Self.amd)
        #expect((topology.eax, topology.ebx, topology.ecx) == (2, 2, 0))
    }
}
