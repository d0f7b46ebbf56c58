internal import Glibc

/// Buffers of the guest's that wait for packets, in order, and the packet that is being put into them.
///
/// ```
///   buffer 0      buffer 1      buffer 2
/// [ seg | seg ] [ seg ]       [ seg ]        ··· overflow: what of a packet had no room yet
///   └── readv fills from here on ──►
/// ```
/// A packet of unknown size is read into all of them at once; those that it does not need wait for the next.
@safe struct NetReceiveWindow: ~Copyable {
    private struct Buffer {
        var head: UInt16
        var segments: Int
        var bytes: Int
    }

    /// Segments that `readv` takes, less the one for the overflow.
    private static let mostSegments = 1023
    private static let mostBuffers = 1024

    private let segments: UnsafeMutablePointer<iovec>
    private let buffers: UnsafeMutablePointer<Buffer>
    private let overflow: UnsafeMutableRawPointer
    private let overflowCapacity: Int
    private var segmentStart = 0
    private var segmentCount = 0
    private var bufferStart = 0
    private var bufferCount = 0
    /// Bytes that the waiting buffers hold.
    private(set) var bytes = 0
    /// Bytes of the packet that was read, if it does not end before the buffers do.
    private var packet = 0

    /// Without buffers.
    init() {
        // Twice what is in use at most: the window slides, and is moved to the beginning when it comes to the end.
        // unsafe because deinit deallocates them
        unsafe segments = .allocate(capacity: 2 * NetReceiveWindow.mostSegments + 2)
        unsafe buffers = .allocate(capacity: 2 * NetReceiveWindow.mostBuffers)
        overflowCapacity = NetHeader.size + NetHeader.largestPacket
        unsafe overflow = .allocate(byteCount: overflowCapacity, alignment: 64)
    }

    deinit {
        // unsafe because the initialiser allocated them, and nobody else knows them any more
        unsafe segments.deallocate()
        unsafe buffers.deallocate()
        unsafe overflow.deallocate()
    }

    /// Buffers that wait.
    var count: Int { bufferCount }

    /// Whether a packet waits for more buffers.
    var isPartial: Bool { packet > 0 }

    /// Whether a list of so many segments has room.
    func hasRoom(segments count: Int) -> Bool {
        segmentCount + count <= NetReceiveWindow.mostSegments && bufferCount < NetReceiveWindow.mostBuffers
    }

    /// Forgets everything.
    mutating func removeAll() {
        (segmentStart, segmentCount, bufferStart, bufferCount, bytes, packet) = (0, 0, 0, 0, 0, 0)
    }

    /// Adds a buffer, for which there is room, and puts what a packet has left over into it.
    mutating func append(head: UInt16, _ list: borrowing SegmentList) {
        slide()
        for index in 0..<list.count {
            // unsafe because the index is below the count, and the place below the capacity
            let segment = unsafe list[index]
            unsafe segments[segmentStart + segmentCount + index] = iovec(
                iov_base: segment.baseAddress, iov_len: segment.count)
        }
        // unsafe because the place is below the capacity
        unsafe buffers[bufferStart + bufferCount] = Buffer(head: head, segments: list.count, bytes: list.bytes)
        if packet > bytes {
            let (done, left) = (overflowDone, packet - bytes)
            // unsafe because the overflow holds what of the packet was beyond the buffers
            unsafe list.copy(
                from: UnsafeRawBufferPointer(start: overflow + done, count: min(left, overflowCapacity - done)))
            overflowDone += min(left, list.bytes)
        }
        segmentCount += list.count
        bufferCount += 1
        bytes += list.bytes
    }

    /// Bytes of the overflow that are in buffers already.
    private var overflowDone = 0

    private mutating func slide() {
        if segmentStart > NetReceiveWindow.mostSegments {
            // unsafe because both ranges are in the array; the window begins behind its first half
            unsafe segments.update(from: segments + segmentStart, count: segmentCount)
            segmentStart = 0
        }
        if bufferStart >= NetReceiveWindow.mostBuffers {
            // unsafe because both ranges are in the array; the window begins behind its first half
            unsafe buffers.update(from: buffers + bufferStart, count: bufferCount)
            bufferStart = 0
        }
    }

    /// What became of an attempt to read.
    enum Arrived: Equatable {
        /// A packet of so many bytes with its header.
        case packet(Int)
        /// None now.
        case nothing
        /// It failed, for this reason.
        case failed(Int32)
    }

    /// Reads one packet with its header into the buffers, and what has no room there into the overflow.
    mutating func read(from tap: Int32) -> Arrived {
        let first = segmentStart
        // unsafe because the place behind the window is below the capacity
        unsafe segments[first + segmentCount] = iovec(iov_base: overflow, iov_len: overflowCapacity)
        var result = 0
        repeat {
            // unsafe because all segments are checked ranges of the guest's memory, and the overflow
            result = unsafe readv(tap, segments + first, Int32(truncatingIfNeeded: segmentCount + 1))
        } while result < 0 && errno == EINTR
        if result < 0 { return errno == EAGAIN ? .nothing : .failed(errno) }
        packet = result
        overflowDone = 0
        return .packet(result)
    }

    /// Whether the whole packet is in the buffers.
    var isComplete: Bool { packet > 0 && packet <= bytes }

    /// Forgets the packet: its buffers wait for the next.
    mutating func dropPacket() { packet = 0 }

    /// Gives the buffers of the complete packet to the guest.
    ///
    /// - Parameter complete: is called with each buffer's head and the bytes in it.
    /// - Returns: bytes of the packet, without its header.
    mutating func finish(_ complete: (_ head: UInt16, _ written: Int) -> Void) -> Int {
        var (needed, left) = (0, packet)
        while left > 0, needed < bufferCount {
            // unsafe because the place is in the window
            left -= unsafe buffers[bufferStart + needed].bytes
            needed += 1
        }
        store(buffers: UInt16(truncatingIfNeeded: needed))
        left = packet
        for _ in 0..<needed {
            // unsafe because the place is in the window
            let buffer = unsafe buffers[bufferStart]
            complete(buffer.head, min(left, buffer.bytes))
            left -= min(left, buffer.bytes)
            bytes -= buffer.bytes
            segmentStart += buffer.segments
            segmentCount -= buffer.segments
            bufferStart += 1
            bufferCount -= 1
        }
        let count = packet - NetHeader.size
        packet = 0
        return max(count, 0)
    }

    /// Writes the number of buffers into the header, wherever segments end.
    private func store(buffers number: UInt16) {
        var (place, index) = (NetHeader.buffersOffset, 0)
        for shift in stride(from: 0 as UInt16, to: 16, by: 8) {
            // unsafe because the index is in the window
            while index < segmentCount, unsafe place >= segments[segmentStart + index].iov_len {
                // unsafe because the index is in the window
                place -= unsafe segments[segmentStart + index].iov_len
                index += 1
            }
            guard index < segmentCount else { return }
            // unsafe because the place is in the segment
            unsafe segments[segmentStart + index].iov_base?.storeBytes(
                of: UInt8(truncatingIfNeeded: number >> shift), toByteOffset: place, as: UInt8.self)
            place += 1
        }
    }
}
