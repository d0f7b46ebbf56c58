internal import CLinux

/// What the instruction CPUID answers to one question: a function (leaf) and, for some of them, an index (subleaf).
struct CPUIDEntry: Sendable, Equatable {
    /// The leaf: EAX before.
    var function: UInt32
    /// The subleaf, where the leaf has some: ECX before.
    var index: UInt32 = 0
    /// Whether the subleaf counts: KVM_CPUID_FLAG_SIGNIFCANT_INDEX.
    var isIndexed = false
    var eax: UInt32 = 0
    var ebx: UInt32 = 0
    var ecx: UInt32 = 0
    var edx: UInt32 = 0
}

extension CPUIDEntry {
    private static let significantIndex: UInt32 = 1

    /// As KVM says it.
    init(_ entry: kvm_cpuid_entry2) {
        self.init(
            function: entry.function, index: entry.index, isIndexed: entry.flags & CPUIDEntry.significantIndex != 0,
            eax: entry.eax, ebx: entry.ebx, ecx: entry.ecx, edx: entry.edx)
    }
}

extension kvm_cpuid_entry2 {
    /// As KVM takes it.
    init(_ entry: CPUIDEntry) {
        self.init()
        function = entry.function
        index = entry.index
        flags = entry.isIndexed ? 1 : 0
        eax = entry.eax
        ebx = entry.ebx
        ecx = entry.ecx
        edx = entry.edx
    }
}
