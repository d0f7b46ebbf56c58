/// What the guest is told about its physical addresses: the types are those of ACPI (and e820).
struct MemoryMap: Sendable, Equatable {
    /// One range.
    struct Entry: Sendable, Equatable {
        let start: UInt64
        let count: UInt64
        let kind: Kind
    }

    /// What a range is.
    enum Kind: UInt32, Sendable {
        case memory = 1
        case reserved = 2
    }

    /// Ascending.
    let entries: [Entry]

    /// The map of a machine with this memory.
    init(_ memory: GuestMemory) {
        var entries = [
            Entry(start: 0, count: BootLayout.reserved, kind: .memory),
            Entry(start: BootLayout.reserved, count: BootLayout.kernel - BootLayout.reserved, kind: .reserved),
        ]
        if memory.low.count > BootLayout.kernel {
            entries.append(
                Entry(start: BootLayout.kernel, count: memory.low.count - BootLayout.kernel, kind: .memory))
        }
        if memory.high.count > 0 {
            entries.append(Entry(start: memory.high.start, count: memory.high.count, kind: .memory))
        }
        self.entries = entries
    }
}
