internal import Glibc

/// Bytes of the guest's that the host's socket has no room for: a ring, made when a socket is full for the first time.
@safe struct VsockBacklog: ~Copyable {
    /// Bytes that wait.
    private(set) var count = 0
    private let capacity: Int
    private let base: UnsafeMutableRawPointer
    private var start = 0

    /// With room for so many bytes; the host gives pages as they are first used.
    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        // unsafe because deinit deallocates it
        unsafe base = .allocate(byteCount: self.capacity, alignment: 64)
    }

    // unsafe because the initialiser allocated it, and nobody else knows it any more
    deinit { unsafe base.deallocate() }

    /// Copies what stands from an offset on in a payload, as far as there is room.
    mutating func append(_ payload: borrowing SegmentList, from offset: Int) {
        var (place, left) = (offset, min(payload.bytes - offset, capacity - count))
        while left > 0 {
            let end = (start + count) % capacity
            let number = min(left, capacity - end)
            // unsafe because the range lies in the ring
            let copied = unsafe payload.copy(
                from: place, to: UnsafeMutableRawBufferPointer(start: base + end, count: number))
            guard copied > 0 else { return }
            count += copied
            place += copied
            left -= copied
        }
    }

    /// Where the waiting bytes stand, in order: a second range where they go past the ring's end.
    func waiting() -> (iovec, iovec) {
        let first = min(count, capacity - start)
        // unsafe because both ranges lie in the ring
        return unsafe (
            iovec(iov_base: base + start, iov_len: first), iovec(iov_base: base, iov_len: count - first)
        )
    }

    /// Forgets bytes that have been passed on (at most `count`).
    mutating func drop(first number: Int) {
        let dropped = min(number, count)
        start = (start + dropped) % capacity
        count -= dropped
    }
}
