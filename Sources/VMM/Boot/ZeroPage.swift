/// What a kernel is told that is entered by Linux's 64-bit protocol: `struct boot_params`. `Documentation/x86/zero-page.rst`.
struct ZeroPage: Sendable {
    let map: MemoryMap
    /// Where the initrd is; nil for none.
    let initrd: Range<UInt64>?
    /// Where ACPI's RSDP is.
    let rsdp: UInt64
    /// The header of the kernel's file, from offset 0x1F1 on; empty for one that has none.
    let setupHeader: [UInt8]

    private static let headerStart = 0x1F1

    /// The page, for ``BootLayout/zeroPage``.
    var bytes: [UInt8] {
        var page = [UInt8](repeating: 0, count: 4096)
        page.replaceSubrange(ZeroPage.headerStart..<ZeroPage.headerStart + setupHeader.count, with: setupHeader)
        page.store(littleEndian: rsdp, at: 0x070)
        page.store(littleEndian: UInt16(0xAA55), at: 0x1FE)
        page.store(littleEndian: UInt32(0x5372_6448), at: 0x202)  // "HdrS"
        page[0x210] = 0xFF  // type_of_loader: none that has a number
        page[0x211] |= 1  // loadflags: the kernel is above 1 MiB
        page.store(littleEndian: UInt32(truncatingIfNeeded: BootLayout.commandLine), at: 0x228)
        if setupHeader.isEmpty { page.store(littleEndian: UInt32(0x100_0000), at: 0x230) }  // kernel_alignment
        if let initrd {
            page.store(littleEndian: UInt32(truncatingIfNeeded: initrd.lowerBound), at: 0x218)
            page.store(littleEndian: UInt32(truncatingIfNeeded: initrd.upperBound - initrd.lowerBound), at: 0x21C)
        }
        // At most four entries: the table has room for 128.
        page[0x1E8] = UInt8(truncatingIfNeeded: map.entries.count)
        for (index, entry) in map.entries.enumerated() {
            let position = 0x2D0 + index * 20
            page.store(littleEndian: entry.start, at: position)
            page.store(littleEndian: entry.count, at: position + 8)
            page.store(littleEndian: entry.kind.rawValue, at: position + 16)
        }
        return page
    }
}
