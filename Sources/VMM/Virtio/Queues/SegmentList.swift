internal import Glibc

/// The readable or the writable part of a request: ranges of the guest's memory, in order, as `readv` takes them.
///
/// Every segment has been checked. The guest may write to the bytes at any time: take a copy of what is to be checked. A
/// list is good until its chain is filled again.
@safe struct SegmentList: ~Copyable {
    /// The first segment, for `preadv` and `pwritev`.
    private(set) var segments: UnsafeMutablePointer<iovec>
    /// Segments.
    private(set) var count: Int
    /// Bytes of all.
    private(set) var bytes: Int

    init(segments: UnsafeMutablePointer<iovec>, count: Int, bytes: Int) {
        unsafe self.segments = segments
        (self.count, self.bytes) = (count, bytes)
    }

    /// The segment of a number below `count`.
    @inline(__always)
    subscript(_ index: Int) -> UnsafeMutableRawBufferPointer {
        // unsafe because the caller keeps to the count; checked ranges of the guest's memory
        unsafe UnsafeMutableRawBufferPointer(start: segments[index].iov_base, count: segments[index].iov_len)
    }

    /// Forgets so many bytes at the beginning; false, and nothing done, where there are fewer.
    @inline(__always)
    mutating func drop(first number: Int) -> Bool {
        guard number >= 0, number <= bytes else { return false }
        var left = number
        while left > 0 {
            // unsafe because as long as bytes are left there is a segment
            let here = unsafe segments.pointee.iov_len
            if left < here {
                // unsafe because the rest of a checked range is one
                unsafe segments.pointee.iov_base += left
                // unsafe because the segment is the chain's own
                unsafe segments.pointee.iov_len = here - left
                break
            }
            left -= here
            // unsafe because one segment less is left after it
            unsafe segments += 1
            count -= 1
        }
        bytes -= number
        return true
    }

    /// Forgets what is behind so many bytes; false, and nothing done, where there are fewer.
    @inline(__always)
    mutating func keep(first number: Int) -> Bool {
        guard number >= 0, number <= bytes else { return false }
        var extra = bytes - number
        while extra > 0 {
            // unsafe because as long as bytes are left there is a segment
            let here = unsafe segments[count - 1].iov_len
            if extra < here {
                // unsafe because the segment is the chain's own
                unsafe segments[count - 1].iov_len = here - extra
                break
            }
            extra -= here
            count -= 1
        }
        bytes = number
        return true
    }

    /// Where its last byte stands, which is then dropped; nil where there is none. No segment is empty.
    @inline(__always)
    mutating func takeLastByte() -> UnsafeMutablePointer<UInt8>? {
        guard count > 0 else { return nil }
        // unsafe because the last byte of the last segment is the guest's memory
        let last = unsafe segments[count - 1].iov_base.map { base in
            // unsafe because the segment has at least one byte
            unsafe (base + segments[count - 1].iov_len - 1).assumingMemoryBound(to: UInt8.self)
        }
        _ = keep(first: bytes - 1)
        return unsafe last
    }

    /// Copies bytes from an offset out of the guest's memory, as far as there are any.
    ///
    /// - Returns: how many.
    @discardableResult
    func copy(from offset: Int = 0, to target: UnsafeMutableRawBufferPointer) -> Int {
        // unsafe because both sides are good for the number of bytes that `move` gives
        unsafe move(offset, target) { guest, host, number in unsafe host.copyMemory(from: guest, byteCount: number) }
    }

    /// Copies bytes to an offset of the guest's memory, as far as there is room.
    ///
    /// - Returns: how many.
    @discardableResult
    func copy(to offset: Int = 0, from source: UnsafeRawBufferPointer) -> Int {
        // unsafe because nothing is written to the source
        let source = unsafe UnsafeMutableRawBufferPointer(mutating: source)
        // unsafe because both sides are good for the number of bytes that `move` gives
        return unsafe move(offset, source) { guest, host, number in
            // unsafe because both sides are good for the number of bytes
            unsafe guest.copyMemory(from: host, byteCount: number)
        }
    }

    @inline(__always)
    private func move(
        _ offset: Int, _ host: UnsafeMutableRawBufferPointer,
        _ step: (UnsafeMutableRawPointer, UnsafeMutableRawPointer, Int) -> Void
    ) -> Int {
        guard offset >= 0, offset < bytes, let start = host.baseAddress else { return 0 }
        var (skipped, done) = (offset, 0)
        for index in 0..<count where done < host.count {
            // unsafe because the index is below the count
            let segment = unsafe self[index]
            if skipped >= segment.count {
                skipped -= segment.count
                continue
            }
            let number = min(segment.count - skipped, host.count - done)
            // unsafe because both stay in their buffers
            if let base = segment.baseAddress { unsafe step(base + skipped, start + done, number) }
            done += number
            skipped = 0
        }
        return done
    }

    /// A copy of a value at an offset, wherever segments end; nil where there are too few bytes.
    @inline(__always)
    func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, at offset: Int = 0) -> Value? {
        let size = MemoryLayout<Value>.size
        guard offset >= 0, size <= bytes, offset <= bytes - size else { return nil }
        // unsafe because the memory is filled completely before it is read
        return unsafe withUnsafeTemporaryAllocation(byteCount: size, alignment: MemoryLayout<Value>.alignment) {
            buffer in
            // unsafe because the buffer is good for the value's size
            unsafe copy(from: offset, to: buffer)
            return unsafe buffer.load(as: Value.self)
        }
    }

    /// Writes a value at an offset, wherever segments end; false, and nothing done, where there is too little room.
    @inline(__always)
    @discardableResult
    func store<Value: BitwiseCopyable>(_ value: Value, at offset: Int = 0) -> Bool {
        let size = MemoryLayout<Value>.size
        guard offset >= 0, size <= bytes, offset <= bytes - size else { return false }
        // unsafe because the value's bytes are only read
        unsafe withUnsafeBytes(of: value) { buffer in _ = unsafe copy(to: offset, from: buffer) }
        return true
    }

    /// A copy of the value that it begins with, which is then dropped; nil, and nothing done, where there is too little.
    @inline(__always)
    mutating func take<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) -> Value? {
        guard let value = load(type) else { return nil }
        _ = drop(first: MemoryLayout<Value>.size)
        return value
    }
}
