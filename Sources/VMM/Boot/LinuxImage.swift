/// A bzImage: a kernel that unpacks itself in the guest. `Documentation/x86/boot.rst`.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0x1F1 | 1 | setup_sects: real-mode sectors before the kernel, besides the first (0 means 4) |
/// | 0x201 | 1 | the header ends at 0x202 + this |
/// | 0x206 | 2 | version |
/// | 0x22C | 4 | initrd_addr_max |
/// | 0x234 | 1 | relocatable_kernel |
/// | 0x236 | 2 | xloadflags: bit 0, a 64-bit entry at 0x200 |
/// | 0x238 | 4 | cmdline_size |
/// | 0x258 | 8 | pref_address |
/// | 0x260 | 4 | init_size |
struct LinuxImage {
    private static let sector: UInt64 = 512
    private static let headerStart = 0x1F1
    /// xloadflags and init_size are there.
    private static let oldestVersion: UInt16 = 0x20C
    private static let entryOffset: UInt64 = 0x200

    private let name: String
    private let header: [UInt8]
    private let kernelOffset: UInt64
    private let address: UInt64
    private let runSize: UInt64
    private let highestInitrd: UInt64
    private let commandLineLimit: Int

    /// Reads the header; `head` is the file's beginning.
    init(_ file: borrowing BootFile, head: [UInt8]) throws(VMMError) {
        name = file.name
        guard let version = head.number(UInt16.self, at: 0x206), version >= LinuxImage.oldestVersion,
            let flags = head.number(UInt16.self, at: 0x236), let preferred = head.number(UInt64.self, at: 0x258),
            let size = head.number(UInt32.self, at: 0x260), let initrd = head.number(UInt32.self, at: 0x22C),
            let commandLine = head.number(UInt32.self, at: 0x238)
        else {
            throw VMMError(.kernel, "\(file.name): its boot protocol is older than 2.12: use a kernel from 3.8 on")
        }
        guard flags & 1 != 0 else {
            throw VMMError(.kernel, "\(file.name): it has no 64-bit entry: use a kernel for x86-64")
        }
        let end = 0x202 + Int(head[0x201])
        guard end > 0x264, end <= head.count, end <= 0x290 else {
            throw VMMError(.kernel, "\(file.name): its setup header ends at 0x\(String(end, radix: 16)): damaged")
        }
        header = Array(head[LinuxImage.headerStart..<end])
        let sectors = UInt64(head[LinuxImage.headerStart])
        kernelOffset = ((sectors == 0 ? 4 : sectors) + 1) * LinuxImage.sector
        address = preferred
        runSize = UInt64(size)
        highestInitrd = UInt64(initrd)
        commandLineLimit = Int(commandLine)
    }

    /// Puts the kernel where it prefers to be, so that it need not move itself.
    func load(_ file: borrowing BootFile, into memory: GuestMemoryBacking) throws(VMMError) -> LoadedKernel {
        guard file.count > kernelOffset + LinuxImage.entryOffset else {
            throw VMMError(.kernel, "\(name): it ends before its kernel begins: it is cut off")
        }
        let count = file.count - kernelOffset
        let needed = max(count, runSize)
        let low = memory.memory.low.count
        guard address >= BootLayout.kernel, address < low, needed <= low - address else {
            throw VMMError(
                .kernel,
                "\(name): it needs \(needed >> 20) MiB at 0x\(String(address, radix: 16)), which the machine's \(low >> 20) MiB do not have: give the machine more memory"
            )
        }
        try file.copy(from: kernelOffset, count: count, to: address, of: memory)
        return LoadedKernel(
            entry: .linux64(address + LinuxImage.entryOffset, setupHeader: header), end: address + needed,
            highestInitrd: highestInitrd, commandLineLimit: commandLineLimit)
    }
}
