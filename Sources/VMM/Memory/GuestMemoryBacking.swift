internal import CLinux
internal import Glibc
internal import Linux

/// The guest's memory and what is behind it: a trivial value, good for as long as the ``GuestMemoryMapping`` lives.
struct GuestMemoryBacking: BitwiseCopyable, Sendable {
    /// Where it is mapped.
    let memory: GuestMemory
    /// The memfd; nil for memory of this process alone.
    let file: Int32?

    /// Bytes that the host has given pages for.
    var used: UInt64 {
        // The file has no holes but where pages are missing. An open memfd can always be asked.
        if let file { return UInt64(max(bh_allocated_bytes(file), 0)) }
        return mappedPages * GuestMemoryMapping.page
    }

    /// Pages of this process's own memory that are mapped: a page of zeros that was only read counts as well.
    private var mappedPages: UInt64 {
        // A byte for each page, of 16 MiB at a time.
        let step = Int(4096 * GuestMemoryMapping.page)
        let count = Int(memory.count)
        var pages: UInt64 = 0
        // unsafe because the kernel fills the buffer, which has room for the pages of a step
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { present in
            for start in stride(from: 0, to: count, by: step) {
                let bytes = min(step, count - start)
                // The range is mapped and its beginning aligned: there is no reason to fail but a lack of memory.
                // unsafe because the range is within the mapping
                guard let room = present.baseAddress,
                    unsafe mincore(memory.low.base + start, bytes, room) == 0
                else { continue }
                for page in 0..<bytes / Int(GuestMemoryMapping.page) { pages &+= UInt64(unsafe present[page] & 1) }
            }
        }
        return pages
    }

    /// Where a guest-physical address stands in the file, or behind the mapping's beginning; nil if `count` bytes from there
    /// are not all memory.
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
        let result =
            if let file { bh_punch_hole(file, start, end - start) } else {
                // unsafe because the range is within the mapping, of which low memory is the beginning
                unsafe madvise(memory.low.base + Int(start), Int(end - start), MADV_DONTNEED)
            }
        guard result == 0 else { throw SystemError("give \(end - start) bytes of guest memory back", code: errno) }
        return end - start
    }
}
