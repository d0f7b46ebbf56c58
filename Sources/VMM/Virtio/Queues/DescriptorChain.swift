internal import Glibc

/// One request of a driver: what the device may read, then what it may write, with its segments checked.
///
/// Made once per queue and filled again for every request, so that a request allocates nothing.
@safe struct DescriptorChain: ~Copyable {
    /// Segments that a request may have at most: what `readv` takes (IOV_MAX).
    static let longest = 1024

    /// The head's number in the descriptor table, which names the request in the used ring.
    private(set) var head: UInt16 = 0
    /// What the driver has written for the device.
    var readable: SegmentList
    /// Where the device may write.
    var writable: SegmentList

    private let segments: UnsafeMutablePointer<iovec>
    private let capacity: Int
    private var readableCount = 0
    private var writableCount = 0
    private var readableBytes: UInt64 = 0
    private var writableBytes: UInt64 = 0

    /// With room for so many segments; a request with more is refused.
    init(capacity: Int = DescriptorChain.longest) {
        self.capacity = min(max(capacity, 1), DescriptorChain.longest)
        // unsafe because deinit deallocates it
        unsafe segments = .allocate(capacity: self.capacity)
        // unsafe because a list without segments looks at none
        readable = unsafe SegmentList(segments: segments, count: 0, bytes: 0)
        // unsafe because a list without segments looks at none
        writable = unsafe SegmentList(segments: segments, count: 0, bytes: 0)
    }

    // unsafe because the initialiser allocated it, and nobody else knows it any more
    deinit { unsafe segments.deallocate() }

    /// Begins a request.
    @inline(__always)
    mutating func begin(head: UInt16) {
        self.head = head
        (readableCount, writableCount, readableBytes, writableBytes) = (0, 0, 0, 0)
    }

    /// Adds what a descriptor describes.
    @inline(__always)
    mutating func add(_ descriptor: VirtDescriptor, memory: GuestMemory) throws(VirtioError) {
        guard readableCount &+ writableCount < capacity else {
            throw VirtioError("request \(head) has more than \(capacity) segments")
        }
        let bytes = UInt64(descriptor.count)
        // unsafe because the pointer goes into the segment with the count that it was checked with
        guard let base = unsafe memory.pointer(descriptor.address, count: bytes) else {
            throw VirtioError("request \(head): \(descriptor.count) bytes at \(hex: descriptor.address) are not memory")
        }
        // unsafe because the place is below the capacity
        unsafe segments[readableCount &+ writableCount] = iovec(iov_base: base, iov_len: Int(descriptor.count))
        if descriptor.has(VirtDescriptor.Flag.writable) {
            writableCount &+= 1
            // At most 1024 times 4 GiB.
            writableBytes &+= bytes
        } else {
            guard writableCount == 0 else {
                throw VirtioError("request \(head) has a readable segment behind a writable one")
            }
            readableCount &+= 1
            readableBytes &+= bytes
        }
    }

    /// Ends a request: its lists are what was added.
    @inline(__always)
    mutating func end() throws(VirtioError) {
        // Virtio 1.2, section 2.7.5.2: a chain is not longer than 4 GiB in total.
        guard readableBytes &+ writableBytes <= 1 << 32 else {
            throw VirtioError("request \(head) has \(readableBytes &+ writableBytes) bytes, which is more than 4 GiB")
        }
        // unsafe because the counts are those of what was added
        readable = unsafe SegmentList(segments: segments, count: readableCount, bytes: Int(readableBytes))
        // unsafe because writable segments stand behind the readable ones
        writable = unsafe SegmentList(
            segments: segments + readableCount, count: writableCount, bytes: Int(writableBytes))
    }
}

extension String.StringInterpolation {
    /// A number as the specifications write addresses: `0xfee0`.
    mutating func appendInterpolation(hex number: UInt64) { appendLiteral("0x" + String(number, radix: 16)) }
}
