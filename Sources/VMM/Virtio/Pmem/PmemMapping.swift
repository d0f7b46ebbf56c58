internal import Glibc
internal import Linux

/// A file mapped to be a guest's persistent memory: whoever maps the same file shares its pages in the host's page cache.
///
/// ```
/// file   0 ─────────────── its size
/// guest  0 ─────────────── its size ··· zeros, of nobody ··· count (a multiple of 2 MiB)
/// ```
///
/// The file must keep its size: a guest that reads beyond the end of a file that was cut ends its machine.
@safe struct PmemMapping: ~Copyable, @unchecked Sendable {
    /// What start and count are multiples of: the guest's large pages.
    static let alignment: UInt64 = 2 << 20

    /// Where it begins in this process, at a multiple of the alignment.
    let base: UnsafeMutableRawPointer
    /// Bytes.
    let count: UInt64
    /// Whether the guest must not write: it is to be registered so.
    let readOnly: Bool
    /// The file, for flushes.
    let file: Descriptor
    private let reserved: UnsafeMutableRawPointer
    private let reservedCount: Int

    /// Maps a file of any size but none.
    init(_ file: consuming Descriptor, readOnly: Bool) throws(SystemError) {
        var status = stat()
        // unsafe because the status comes back through a pointer to a local structure
        guard unsafe fstat(file.rawValue, &status) == 0 else { throw .last("fstat", "the file of a pmem device") }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size > 0, status.st_size < 1 << 46 else {
            throw SystemError("use as persistent memory: it must be a file, and not be empty", code: EINVAL)
        }
        let size = UInt64(status.st_size)
        let mask = PmemMapping.alignment - 1
        let count = (size + mask) & ~mask
        let total = Int(count + PmemMapping.alignment)
        let protection = readOnly ? PROT_READ : PROT_READ | PROT_WRITE
        // Zeros first, for what is behind the file's end.
        // unsafe because the mapping is a pointer; this value owns it
        let reserved = unsafe mmap(nil, total, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        // unsafe because the address is only compared
        guard let reserved = unsafe reserved, unsafe reserved != MAP_FAILED else {
            throw .last("reserve \(total) bytes for a pmem device")
        }
        let skip = (PmemMapping.alignment - UInt64(UInt(bitPattern: reserved)) & mask) & mask
        // unsafe because the reservation has room for the count behind the alignment
        let base = unsafe reserved + Int(skip)
        // unsafe because the place is in the reservation
        let mapped = unsafe mmap(base, Int(size), protection, MAP_SHARED | MAP_FIXED, file.rawValue, 0)
        // unsafe because the address is only compared
        guard unsafe mapped != MAP_FAILED else {
            let error = SystemError.last("map the file of a pmem device")
            // unsafe because it is the mapping just made
            unsafe munmap(reserved, total)
            throw error
        }
        // unsafe because the pointers are kept with their counts
        unsafe (self.base, self.reserved) = (base, reserved)
        (self.count, self.readOnly, reservedCount) = (count, readOnly, total)
        self.file = file
    }

    deinit {
        // unsafe because the initialiser made it, and it outlives the machine
        unsafe munmap(reserved, reservedCount)
    }
}
