internal import Glibc

/// Parts of segment lists, gathered into one list for `readv` and `writev`, which leaves the lists themselves as they are.
@safe struct GatheredSegments: ~Copyable {
    /// Segments that `readv` takes at most (IOV_MAX).
    static let most = 1024

    /// Segments gathered.
    private(set) var count = 0
    /// Bytes of all.
    private(set) var bytes = 0
    private let segments: UnsafeMutablePointer<iovec>

    /// None.
    init() {
        // unsafe because deinit deallocates it
        unsafe segments = .allocate(capacity: GatheredSegments.most)
    }

    // unsafe because the initialiser allocated it, and nobody else knows it any more
    deinit { unsafe segments.deallocate() }

    /// Forgets all.
    mutating func removeAll() { (count, bytes) = (0, 0) }

    /// Adds a range of memory, which must outlive this list's use; false where there are too many segments.
    @discardableResult
    mutating func append(_ range: UnsafeMutableRawBufferPointer) -> Bool {
        guard count < GatheredSegments.most else { return false }
        // unsafe because the caller vouches for the range, and the place is below the capacity
        unsafe segments[count] = iovec(iov_base: range.baseAddress, iov_len: range.count)
        count += 1
        bytes += range.count
        return true
    }

    /// Adds what stands behind the first `offset` bytes of a list, at most so many bytes of it.
    ///
    /// - Returns: whether all of it has been added; not where there are too many segments.
    @discardableResult
    mutating func append(_ list: borrowing SegmentList, from offset: Int = 0, atMost most: Int = .max) -> Bool {
        var (skipped, left) = (offset, most)
        for index in 0..<list.count where left > 0 {
            // unsafe because the index is below the count
            let segment = unsafe list[index]
            if skipped >= segment.count {
                skipped -= segment.count
                continue
            }
            guard count < GatheredSegments.most, let base = segment.baseAddress else { return false }
            let number = min(segment.count - skipped, left)
            // unsafe because the range lies in the segment, and the place below the capacity
            unsafe segments[count] = iovec(iov_base: base + skipped, iov_len: number)
            count += 1
            bytes += number
            left -= number
            skipped = 0
        }
        return true
    }

    /// Writes the segments to a descriptor, once.
    ///
    /// - Returns: what `writev` does, with the reason of a failure in `errno`.
    func write(to descriptor: Int32) -> Int {
        // unsafe because the segments are checked ranges of the guest's memory, or those that were vouched for
        unsafe writev(descriptor, segments, Int32(truncatingIfNeeded: count))
    }

    /// Reads from a descriptor into the segments, once.
    ///
    /// - Returns: what `readv` does, with the reason of a failure in `errno`.
    func read(from descriptor: Int32) -> Int {
        // unsafe because the segments are parts of checked ranges of the guest's memory
        unsafe readv(descriptor, segments, Int32(truncatingIfNeeded: count))
    }
}
