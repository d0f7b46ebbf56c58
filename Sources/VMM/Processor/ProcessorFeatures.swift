/// What CPUID says on each processor of a machine: what KVM supports, made true for the machine.
///
/// From one list for all, as the host has it, comes one for each processor: its number, how many there are and that each
/// is a core of its own in one package; and nothing that only a real machine's firmware or performance counters could
/// keep the promise of.
struct ProcessorFeatures: Sendable {
    private let supported: [CPUIDEntry]
    private let processors: UInt32
    private let hasDeadlineTimer: Bool

    /// - Parameters:
    ///   - supported: what host and KVM can do (KVM_GET_SUPPORTED_CPUID).
    ///   - processors: how many the machine has.
    ///   - hasDeadlineTimer: whether KVM's APIC has a timer by the time stamp counter; the list does not tell.
    init(supported: [CPUIDEntry], processors: UInt32, hasDeadlineTimer: Bool) {
        // Topology is written anew: the host's is another.
        self.supported = supported.filter { $0.function != 0xB && $0.function != 0x1F }
        self.processors = processors
        self.hasDeadlineTimer = hasDeadlineTimer
    }

    /// How many bits of an APIC's number tell cores apart.
    private var coreBits: UInt32 {
        processors <= 1 ? 0 : UInt32(UInt32.bitWidth - (processors - 1).leadingZeroBitCount)
    }

    private var highestLeaf: UInt32 { supported.first { $0.function == 0 }?.eax ?? 0 }

    private var isIntel: Bool {
        // "GenuineIntel" in EBX, EDX, ECX.
        supported.contains { $0.function == 0 && $0.ebx == 0x756E_6547 && $0.edx == 0x4965_6E69 }
    }

    /// The list for processor `number`.
    func entries(for number: UInt32) -> [CPUIDEntry] {
        var entries = supported.map { entry in
            var entry = entry
            adapt(&entry, number)
            return entry
        }
        if highestLeaf >= 0xB { entries += topology(leaf: 0xB, number) }
        if highestLeaf >= 0x1F { entries += topology(leaf: 0x1F, number) }
        return entries
    }

    private func adapt(_ entry: inout CPUIDEntry, _ number: UInt32) {
        switch entry.function {
        case 0x1: adaptBasics(&entry, number)
        case 0x4, 0x8000_001D: adaptCache(&entry)
        // No turbo, which is not the guest's to use; no energy preference.
        case 0x6:
            entry.eax &= ~(1 << 1)
            entry.ecx &= ~(1 << 3)
        case 0x7 where entry.index == 0:
            // WAITPKG lets a guest hold a processor without an exit.
            entry.ecx &= ~(1 << 5)
            // Newer processors save less of the floating point unit's state; software that can do without can go anywhere.
            if isIntel { entry.ebx |= 1 << 6 | 1 << 13 }
        // No performance counters: what they measure would be the host's.
        case 0xA: (entry.eax, entry.ebx, entry.ecx, entry.edx) = (0, 0, 0, 0)
        case 0x8000_0001: entry.ecx &= ~(1 << 23 | 1 << 24 | 1 << 28)
        case 0x8000_0008 where !isIntel:
            entry.ecx = entry.ecx & ~0xF0FF | (processors - 1) & 0xFF | coreBits << 12
        case 0x8000_001E:
            entry.eax = number
            entry.ebx = number & 0xFF
            entry.ecx = 0
        default: break
        }
    }

    private func adaptBasics(_ entry: inout CPUIDEntry, _ number: UInt32) {
        let flushedLine: UInt32 = 8  // × 8 bytes
        entry.ebx = entry.ebx & 0xFF | flushedLine << 8 | (processors & 0xFF) << 16 | (number & 0xFF) << 24
        entry.ecx |= 1 << 31  // a hypervisor
        entry.ecx &= ~(1 << 15)  // PDCM: performance capabilities
        if hasDeadlineTimer { entry.ecx |= 1 << 24 } else { entry.ecx &= ~(1 << 24) }
        if processors > 1 { entry.edx |= 1 << 28 } else { entry.edx &= ~(1 << 28) }
    }

    /// Levels 1 and 2 belong to one processor, the last one to all.
    private func adaptCache(_ entry: inout CPUIDEntry) {
        let type = entry.eax & 0x1F
        guard type != 0 else { return }
        let level = entry.eax >> 5 & 7
        let sharing = level >= 3 ? processors - 1 : 0
        entry.eax = entry.eax & 0x3FFF | sharing << 14
        // Intel's only: how many cores a package can have.
        if entry.function == 0x4 { entry.eax |= ((1 << coreBits) - 1) << 26 }
    }

    /// Extended topology: one thread a core, all cores in a package.
    private func topology(leaf: UInt32, _ number: UInt32) -> [CPUIDEntry] {
        [
            CPUIDEntry(function: leaf, index: 0, isIndexed: true, eax: 0, ebx: 1, ecx: 1 << 8, edx: number),
            CPUIDEntry(
                function: leaf, index: 1, isIndexed: true, eax: coreBits, ebx: processors, ecx: 2 << 8 | 1, edx: number),
            CPUIDEntry(function: leaf, index: 2, isIndexed: true, eax: 0, ebx: 0, ecx: 2, edx: number),
        ]
    }
}
