/// One entry of a descriptor table, copied out of the guest's memory: virtio 1.2, section 2.7.5.
///
/// ```
/// byte 0        8     12      14     16
///      address  count  flags   next
/// ```
struct VirtDescriptor: BitwiseCopyable, Equatable {
    /// Bytes that one takes.
    static let size = 16

    /// What `flags` may have.
    enum Flag {
        /// VIRTQ_DESC_F_NEXT.
        static let next: UInt16 = 1
        /// VIRTQ_DESC_F_WRITE.
        static let writable: UInt16 = 2
        /// VIRTQ_DESC_F_INDIRECT.
        static let indirect: UInt16 = 4
    }

    /// Guest-physical.
    var address: UInt64
    /// Bytes.
    var count: UInt32
    /// Of ``Flag``.
    var flags: UInt16
    /// The next descriptor's number, where flags have `next`.
    var next: UInt16

    init(address: UInt64, count: UInt32, flags: UInt16, next: UInt16) {
        (self.address, self.count, self.flags, self.next) = (address, count, flags, next)
    }

    /// Copies the one that stands at a place.
    @inline(__always)
    init(at place: UnsafeMutableRawPointer) {
        // unsafe because the caller vouches for 16 bytes at the place
        let (first, second): (UInt64, UInt64) = unsafe (SharedWord.load(place), SharedWord.load(place + 8))
        address = first
        count = UInt32(truncatingIfNeeded: second)
        flags = UInt16(truncatingIfNeeded: second >> 32)
        next = UInt16(truncatingIfNeeded: second >> 48)
    }

    @inline(__always)
    func has(_ flag: UInt16) -> Bool { flags & flag != 0 }
}
