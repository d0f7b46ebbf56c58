internal import Glibc

/// Memory at an aligned address, for I/O that goes around the page cache.
@safe struct AlignedBuffer: ~Copyable {
    /// Its bytes.
    let bytes: UnsafeMutableRawBufferPointer

    /// `count` bytes at a multiple of `alignment`, a power of two.
    init(count: Int, alignment: Int) {
        // unsafe because deinit deallocates it
        unsafe bytes = .allocate(byteCount: count, alignment: alignment)
    }

    /// Its first bytes.
    func part(_ count: Int) -> UnsafeMutableRawBufferPointer? {
        // unsafe because only the count is looked at
        guard count >= 0, unsafe count <= bytes.count else { return nil }
        // unsafe because the part is within the buffer
        return unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[0..<count])
    }

    // unsafe because the initialiser allocated it, and it goes with its owner
    deinit { unsafe bytes.deallocate() }
}
