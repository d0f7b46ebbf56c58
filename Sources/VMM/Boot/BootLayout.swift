/// Where things are in the guest's physical address space.
///
/// ```
///          0 ┌────────────────────────────┐
///      0x500 │ segment descriptors        │ Linux's 64-bit protocol
///     0x6000 │ start information          │ PVH
///     0x7000 │ memory map │ zero page     │ PVH │ 64-bit protocol
///     0x9000 │ page tables, a stack below │ 64-bit protocol
///    0x20000 │ command line               │
///    0x9FC00 ├────────────────────────────┤ reserved, as in a PC
///    0xE0000 │ ACPI's tables              │
///    0xFFFF0 │ what resets                │
///  0x100000  ├────────────────────────────┤
///            │ kernel … initrd            │ memory
/// 0xC0000000 ├────────────────────────────┤ the hole
///            │ virtio-mmio, a page each   │
/// 0xFEC00000 │ I/O APIC                   │
/// 0xFEE00000 │ local APICs                │
/// 0xFFFBC000 │ KVM's own pages            │
/// 0x100000000├────────────────────────────┤
///            │ memory                     │
/// ```
enum BootLayout {
    static let descriptors: UInt64 = 0x500
    static let startInformation: UInt64 = 0x6000
    static let modules: UInt64 = 0x6040
    static let memoryMap: UInt64 = 0x7000
    static let zeroPage: UInt64 = 0x7000
    static let stack: UInt64 = 0x8FF0
    /// PML4, PDPT, and four page directories.
    static let pageTables: UInt64 = 0x9000
    static let commandLine: UInt64 = 0x20000
    /// The zero at its end included.
    static let commandLineRoom: UInt64 = 0x10000
    static let reserved: UInt64 = 0x9FC00
    static let tables: UInt64 = 0xE0000
    static let tablesRoom = ResetVector.address - tables
    static let kernel: UInt64 = 0x100000
    static let devices: UInt64 = GuestMemory.hole
    static let deviceSize: UInt64 = 0x1000
    static let ioAPIC: UInt64 = 0xFEC0_0000
    static let localAPIC: UInt64 = 0xFEE0_0000
    static let hidden: UInt64 = 0xFFFB_C000
}
