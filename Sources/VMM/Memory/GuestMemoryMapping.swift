internal import CLinux
internal import Glibc
internal import Linux

/// The guest's memory: this process's own, or a memfd that others (vhost-user) can map too.
///
/// ```
/// memfd, mapping   0 ─────────────── low.count ─────────────── count
/// guest-physical   0 ─────────────── low.count   4 GiB ─────── 4 GiB + high.count
/// ```
/// A process's own memory has large pages wherever the host has them free: a guest takes them with a five hundredth of the
/// faults, and its accesses have a shorter way. (In software, where both are dear, a Linux guest boots in half the time.)
/// Files in memory have them only where they are asked for.
@safe struct GuestMemoryMapping: ~Copyable {
    /// The host's pages.
    static let page: UInt64 = 4096
    /// The next larger ones that it has.
    static let largePage: UInt64 = 2 << 20

    /// Where everything is.
    let memory: GuestMemory
    /// The memfd, if others can map it; its size can't be changed any more, by nobody: an access beyond its end would kill
    /// this process.
    private let file: Descriptor?
    /// The addresses that were chosen from, as a number: nothing is read there.
    private let reservation: (address: UInt, count: Int)

    /// Reserves memory; the host gives pages as they are first used.
    ///
    /// - Parameters:
    ///   - count: bytes, whole pages; at least 1 MiB, which the boot protocols need.
    ///   - isShared: whether another process is to map it, too.
    init(count: UInt64, isShared: Bool = false) throws(VMMError) {
        guard count >= 1 << 20, count % GuestMemoryMapping.page == 0, count <= 1 << 46 else {
            throw VMMError(
                .configuration, "\(count) bytes of memory: a machine has at least 1 MiB, in whole pages of 4 KiB")
        }
        let file = isShared ? try GuestMemoryMapping.makeFile(count) : nil
        let number: Int32
        switch file {
        case .some(let file): number = file.rawValue
        case .none: number = -1
        }
        // Large pages are where the guest's addresses and this process's are aligned alike: there is room to choose one.
        let room = Int(count + GuestMemoryMapping.largePage)
        // unsafe because the mapping is a pointer; this value owns it
        let reserved = unsafe mmap(nil, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        // unsafe because the address is only compared
        guard let reserved = unsafe reserved, unsafe reserved != MAP_FAILED else {
            throw VMMError(.system, "reserve \(room) bytes of addresses: \(SystemError.last("mmap").reason)")
        }
        let address = UInt64(UInt(bitPattern: reserved))
        let aligned = unsafe reserved + Int((0 &- address) & (GuestMemoryMapping.largePage - 1))
        let kind = isShared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        // unsafe because the place is within the reservation, which nobody uses
        let base = unsafe mmap(aligned, Int(count), PROT_READ | PROT_WRITE, kind | MAP_FIXED, number, 0)
        // unsafe because the address is only compared
        guard let base = unsafe base, unsafe base != MAP_FAILED else {
            let reason = SystemError.last("mmap").reason
            // unsafe because the reservation was made above
            unsafe munmap(reserved, room)
            throw VMMError(.system, "map \(count) bytes of guest memory: \(reason)")
        }
        // A dump of this process has no business with what the guest knows; a child, none with the guest. A host without
        // large pages, or with none for files, does with small ones.
        for advice in [MADV_DONTDUMP, MADV_DONTFORK, MADV_HUGEPAGE] {
            // unsafe because the range is the mapping just made
            unsafe madvise(base, Int(count), advice)
        }
        let low = min(count, GuestMemory.hole)
        self.file = file
        reservation = (UInt(bitPattern: reserved), room)
        memory = unsafe GuestMemory(
            low: GuestMemory.Region(start: 0, count: low, base: base),
            high: GuestMemory.Region(start: GuestMemory.highStart, count: count - low, base: base + Int(low)))
    }

    deinit {
        // unsafe because the mapping was made by the initialiser, and outlives all who have its addresses
        unsafe munmap(UnsafeMutableRawPointer(bitPattern: reservation.address), reservation.count)
    }

    /// For who gives memory back, or fills it: a value that is good for as long as this one lives.
    var backing: GuestMemoryBacking {
        switch file {
        case .some(let file): GuestMemoryBacking(memory: memory, file: file.rawValue)
        case .none: GuestMemoryBacking(memory: memory, file: nil)
        }
    }

    /// The file, for another process to map: low memory at its beginning, high memory directly behind it.
    func shareFile() throws(SystemError) -> Descriptor {
        switch file {
        case .some(let file): try file.duplicate()
        case .none: throw SystemError("share the guest's memory, which is not in a file", code: EINVAL)
        }
    }

    private static func makeFile(_ count: UInt64) throws(VMMError) -> Descriptor {
        let file: Descriptor
        do { file = try Descriptor.memory("guest", sealable: true) } catch { throw VMMError(error) }
        try VMMError.check(ftruncate(file.rawValue, Int(count)), "reserve \(count) bytes of guest memory")
        // Neither to shrink nor to grow, and no change of that.
        let seals = 0x1 | 0x2 | 0x4
        try VMMError.check(bh_fcntl(file.rawValue, 1033 /* F_ADD_SEALS */, seals), "seal the guest's memory")
        return file
    }
}
