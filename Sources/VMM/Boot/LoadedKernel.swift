/// A kernel that is in the guest's memory.
struct LoadedKernel: Sendable, Equatable {
    /// How it is to be entered.
    enum Entry: Sendable, Equatable {
        /// PVH: 32-bit, at this address.
        case pvh(UInt64)
        /// Linux's 64-bit protocol, at this address, with the setup header of its file (from offset 0x1F1 on) if it has one.
        case linux64(UInt64, setupHeader: [UInt8])
    }

    let entry: Entry
    /// The first address behind what it occupies when it begins.
    let end: UInt64
    /// The last address that an initrd may occupy.
    let highestInitrd: UInt64
    /// How long a command line it takes, without the zero at its end.
    let commandLineLimit: Int

    /// Linux's COMMAND_LINE_SIZE on x86, less the zero: what a kernel takes that does not say.
    static let usualCommandLine = 2047

    /// Loads a kernel of any known format.
    static func load(_ file: borrowing BootFile, into memory: GuestMemoryBacking) throws(VMMError) -> LoadedKernel {
        let head = try file.bytes(at: 0, count: Int(min(file.count, 1024)))
        if head.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
            return try ELFKernel(file, head: head).load(file, into: memory)
        }
        if head.count >= 0x206, head[0x202..<0x206].elementsEqual(Array("HdrS".utf8)) {
            return try LinuxImage(file, head: head).load(file, into: memory)
        }
        throw VMMError(
            .kernel,
            "\(file.name): neither an ELF file nor a bzImage: give an uncompressed kernel (vmlinux) or a bzImage")
    }
}
