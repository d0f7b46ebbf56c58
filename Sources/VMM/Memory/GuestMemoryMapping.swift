internal import CLinux
internal import Glibc
internal import Linux

/// The guest's memory: a memfd that this process has mapped, and that others (vhost-user) can map too.
///
/// ```
/// memfd            0 ─────────────── low.count ─────────────── count
/// guest-physical   0 ─────────────── low.count   4 GiB ─────── 4 GiB + high.count
/// ```
@safe struct GuestMemoryMapping: ~Copyable {
    /// The host's pages.
    static let page: UInt64 = 4096

    /// The file; its size can't be changed any more, by nobody: an access beyond its end would kill this process.
    let file: Descriptor
    /// Where everything is.
    let memory: GuestMemory

    /// Reserves memory; the host gives pages as they are first used.
    ///
    /// - Parameter count: bytes, whole pages; at least 1 MiB, which the boot protocols need.
    init(count: UInt64) throws(VMMError) {
        guard count >= 1 << 20, count % GuestMemoryMapping.page == 0, count <= 1 << 46 else {
            throw VMMError(
                .configuration, "\(count) bytes of memory: a machine has at least 1 MiB, in whole pages of 4 KiB")
        }
        let file: Descriptor
        do { file = try Descriptor.memory("guest", sealable: true) } catch { throw VMMError(error) }
        try VMMError.check(ftruncate(file.rawValue, Int(count)), "reserve \(count) bytes of guest memory")
        // Neither to shrink nor to grow, and no change of that.
        let seals = 0x1 | 0x2 | 0x4
        try VMMError.check(bh_fcntl(file.rawValue, 1033 /* F_ADD_SEALS */, seals), "seal the guest's memory")
        // unsafe because the mapping is a pointer; this value owns it
        let base = unsafe mmap(nil, Int(count), PROT_READ | PROT_WRITE, MAP_SHARED, file.rawValue, 0)
        // unsafe because the address is only compared
        guard let base = unsafe base, unsafe base != MAP_FAILED else {
            throw VMMError(.system, "map \(count) bytes of guest memory: \(SystemError.last("mmap").reason)")
        }
        // A dump of this process has no business with what the guest knows.
        // unsafe because the range is the mapping just made
        unsafe madvise(base, Int(count), MADV_DONTDUMP)
        let low = min(count, GuestMemory.hole)
        self.file = file
        memory = unsafe GuestMemory(
            low: GuestMemory.Region(start: 0, count: low, base: base),
            high: GuestMemory.Region(start: GuestMemory.highStart, count: count - low, base: base + Int(low)))
    }

    deinit {
        // unsafe because the mapping was made by the initialiser, and outlives all who have its addresses
        unsafe munmap(memory.low.base, Int(memory.count))
    }

    /// For who gives memory back, or shares it: a value that is good for as long as this one lives.
    var backing: GuestMemoryBacking { GuestMemoryBacking(memory: memory, file: file.rawValue) }
}

/// The guest's memory and the file behind it: a trivial value, good for as long as the ``GuestMemoryMapping`` lives.
struct GuestMemoryBacking: BitwiseCopyable, Sendable {
    /// Where it is mapped.
    let memory: GuestMemory
    /// The memfd.
    let file: Int32

    /// Bytes that the host has given pages for.
    var used: UInt64 {
        // The file has no holes but where pages are missing. An open memfd can always be asked.
        UInt64(max(bh_allocated_bytes(file), 0))
    }

    /// Where a guest-physical address stands in the file; nil if `count` bytes from there are not all memory.
    func offset(of address: UInt64, count: UInt64) -> UInt64? {
        for (region, start) in [(memory.low, 0), (memory.high, memory.low.count)] {
            let offset = address &- region.start
            if count > 0, offset < region.count, count <= region.count &- offset { return start &+ offset }
        }
        return nil
    }

    /// Gives the whole pages within a range back to the host: they read as zeros from then on.
    ///
    /// - Returns: how many bytes were given back: 0 if any of the range is not memory.
    func release(_ address: UInt64, count: UInt64) throws(SystemError) -> UInt64 {
        guard let offset = offset(of: address, count: count) else { return 0 }
        let mask = GuestMemoryMapping.page - 1
        let start = (offset + mask) & ~mask
        let end = (offset + count) & ~mask
        guard start < end else { return 0 }
        guard bh_punch_hole(file, start, end - start) == 0 else {
            throw SystemError("give \(end - start) bytes of guest memory back", code: errno)
        }
        return end - start
    }
}
