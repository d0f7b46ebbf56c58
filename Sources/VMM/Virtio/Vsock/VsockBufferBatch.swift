internal import Glibc

/// Receive buffers of the guest's that one read from a host's socket fills: a packet each.
///
/// ```
///   buffer 0            buffer 1            buffer 2
/// [header|payload]    [header|payload]    [header|payload]
///            └── readv fills the payloads only ──►
/// ```
/// Linux 6.1 has buffers of 4 KiB. In the tests' rig nine of ten system calls of the device's thread were reads of one each.
@safe struct VsockBufferBatch: ~Copyable {
    private struct Buffer: BitwiseCopyable {
        var head: UInt16 = 0
        var firstSegment = 0
        var segments = 0
        var bytes = 0
    }

    /// Buffers at most: with Linux, as many bytes as its largest packet has. Other streams wait no longer for their turn.
    static let most = 16

    /// Buffers.
    private(set) var count = 0
    /// Their payloads, in order.
    private(set) var payload = GatheredSegments()
    private let segments: UnsafeMutablePointer<iovec>
    private var segmentCount = 0
    private var buffers: [16 of Buffer] = InlineArray(repeating: Buffer())

    /// Without buffers.
    init() {
        // unsafe because deinit deallocates it
        unsafe segments = .allocate(capacity: GatheredSegments.most)
    }

    // unsafe because the initialiser allocated it, and nobody else knows it any more
    deinit { unsafe segments.deallocate() }

    /// Forgets all.
    mutating func removeAll() {
        (count, segmentCount) = (0, 0)
        payload.removeAll()
    }

    /// Adds a buffer, which must be larger than a header, with as much payload as may still be sent.
    ///
    /// - Returns: false, and nothing added, where there is no room for it; there is always for a first one.
    mutating func append(head: UInt16, _ list: borrowing SegmentList, atMost most: Int) -> Bool {
        guard count < VsockBufferBatch.most, list.count <= GatheredSegments.most - segmentCount else { return false }
        for index in 0..<list.count {
            // unsafe because the index is below the count, and the place below the capacity
            let segment = unsafe list[index]
            unsafe segments[segmentCount + index] = iovec(iov_base: segment.baseAddress, iov_len: segment.count)
        }
        payload.append(list, from: VsockHeader.size, atMost: most)
        buffers[count] = Buffer(head: head, firstSegment: segmentCount, segments: list.count, bytes: list.bytes)
        segmentCount += list.count
        count += 1
        return true
    }

    /// The head of a buffer of a number below `count`.
    func head(_ index: Int) -> UInt16 { buffers[index].head }

    /// Bytes of payload that a buffer has room for.
    func room(_ index: Int) -> Int { buffers[index].bytes - VsockHeader.size }

    /// Writes the header of a buffer's packet.
    func store(_ header: VsockHeader, in index: Int) {
        let buffer = buffers[index]
        // unsafe because these are the segments of the buffer's, as they were added
        let list = unsafe SegmentList(
            segments: segments + buffer.firstSegment, count: buffer.segments, bytes: buffer.bytes)
        list.store(header)
    }
}
