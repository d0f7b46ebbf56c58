/// What a kernel is told that is entered by PVH: `hvm_start_info`, version 1. `spec/pvh`.
struct StartInformation: Sendable {
    let map: MemoryMap
    /// Where the initrd is; nil for none.
    let initrd: Range<UInt64>?
    /// Where ACPI's RSDP is.
    let rsdp: UInt64

    private static let magic: UInt32 = 0x336E_C578

    /// The structure, for ``BootLayout/startInformation``.
    var information: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: StartInformation.magic)
        bytes.append(littleEndian: UInt32(1))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: UInt32(initrd == nil ? 0 : 1))
        bytes.append(littleEndian: initrd == nil ? 0 : BootLayout.modules)
        bytes.append(littleEndian: BootLayout.commandLine)
        bytes.append(littleEndian: rsdp)
        bytes.append(littleEndian: BootLayout.memoryMap)
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: map.entries.count))
        bytes.append(littleEndian: UInt32(0))
        return bytes
    }

    /// The list of modules, for ``BootLayout/modules``: the initrd is the only one.
    var modules: [UInt8] {
        guard let initrd else { return [] }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: initrd.lowerBound)
        bytes.append(littleEndian: initrd.upperBound - initrd.lowerBound)
        bytes.append(littleEndian: UInt64(0))
        bytes.append(littleEndian: UInt64(0))
        return bytes
    }

    /// The memory map, for ``BootLayout/memoryMap``.
    var memoryMap: [UInt8] {
        var bytes: [UInt8] = []
        for entry in map.entries {
            bytes.append(littleEndian: entry.start)
            bytes.append(littleEndian: entry.count)
            bytes.append(littleEndian: entry.kind.rawValue)
            bytes.append(littleEndian: UInt32(0))
        }
        return bytes
    }
}
