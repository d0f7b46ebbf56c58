internal import CLinux
internal import Glibc
internal import Linux

/// What is behind a block device: a file, a block device of the host's, or whatever a descriptor stands for.
///
/// Any thread may use it, several at a time.
final class BlockFile: Sendable {
    /// Bytes of a sector, in which requests count: virtio 1.2, section 5.2.4.
    static let sector: UInt64 = 512

    /// Bytes that the guest sees: whole blocks.
    let capacity: UInt64
    /// Whether nothing is ever written.
    let readOnly: Bool
    /// What addresses, offsets and lengths must be multiples of; 1 where the page cache takes care of that.
    let alignment: Int
    private let file: Descriptor

    /// Takes over an open file.
    ///
    /// - Parameters:
    ///   - readOnly: refuse every write; the descriptor may be open for reading only.
    ///   - direct: go around the host's page cache (O_DIRECT).
    /// - Throws: ``SystemError`` for a descriptor without a size, or a file system that knows no direct I/O.
    init(_ file: consuming Descriptor, readOnly: Bool, direct: Bool = false) throws(SystemError) {
        let number = file.rawValue
        var status = stat()
        // unsafe because the status comes back through a pointer to a local structure
        guard unsafe fstat(number, &status) == 0 else { throw .last("fstat", "the file of a block device") }
        let size: Int64
        switch status.st_mode & S_IFMT {
        case S_IFREG: size = Int64(status.st_size)
        case S_IFBLK: size = bh_block_device_size(number)
        default: throw SystemError("use as a block device: neither a file nor a block device", code: ENOTBLK)
        }
        guard size >= 0 else { throw .last("ask for the size of a block device") }
        guard bh_set_direct(number, direct ? 1 : 0) == 0 else {
            throw .last("open for direct I/O, which this file system does not know: use it without")
        }
        alignment = direct ? try BlockFile.alignment(of: number) : 1
        let block = max(BlockFile.sector, UInt64(alignment))
        capacity = UInt64(size) / block * block
        self.readOnly = readOnly
        self.file = file
    }

    /// Tries which alignment direct I/O needs: kernels before 6.1 can't be asked.
    private static func alignment(of file: Int32) throws(SystemError) -> Int {
        let buffer = AlignedBuffer(count: 8192, alignment: 4096)
        for alignment in [512, 4096] {
            // Aligned to no more than that.
            // unsafe because offset and length are within the buffer
            guard let place = unsafe buffer.bytes.baseAddress.map({ unsafe $0 + alignment % 4096 }) else { break }
            if unsafe pread(file, place, alignment, off_t(alignment)) >= 0 { return alignment }
        }
        throw .last("read directly with an alignment of 4096 bytes")
    }

    // MARK: Reading and writing

    /// Fills or writes all segments, from an offset on.
    ///
    /// - Returns: whether all of it was done; the reason if not is the host's and is no guest's business.
    @inline(__always)
    func transfer(_ data: inout SegmentList, at offset: UInt64, writes: Bool) -> Bool {
        var place = offset
        while data.bytes > 0 {
            // unsafe because the list has so many segments
            let done =
                unsafe writes
                ? pwritev(file.rawValue, data.segments, Int32(data.count), off_t(place))
                : preadv(file.rawValue, data.segments, Int32(data.count), off_t(place))
            if done < 0 && errno == EINTR { continue }
            // A file that somebody has cut since it was opened ends early.
            guard done > 0, data.drop(first: done) else { return false }
            place &+= UInt64(done)
        }
        return true
    }

    /// Fills or writes a part of a buffer.
    func transfer(_ buffer: UnsafeMutableRawBufferPointer, at offset: UInt64, writes: Bool) -> Bool {
        var done = 0
        while done < buffer.count {
            // unsafe because both are within the buffer
            guard let place = unsafe buffer.baseAddress.map({ unsafe $0 + done }) else { return false }
            let left = buffer.count - done
            // unsafe because so many bytes are left in the buffer
            let number =
                unsafe writes
                ? pwrite(file.rawValue, place, left, off_t(offset) + off_t(done))
                : pread(file.rawValue, place, left, off_t(offset) + off_t(done))
            if number < 0 && errno == EINTR { continue }
            guard number > 0 else { return false }
            done += number
        }
        return true
    }

    /// Makes what was written outlast a power cut.
    func flush() -> Bool { readOnly || fdatasync(file.rawValue) == 0 }

    /// What came of a range that was to be given up or zeroed.
    enum RangeResult { case done, failed, unsupported }

    /// Gives the range's space back: it reads as zeros from then on.
    func discard(_ offset: UInt64, _ count: UInt64) -> RangeResult { range(0, offset, count) }

    /// Makes the range read as zeros, with or without keeping its space.
    func writeZeroes(_ offset: UInt64, _ count: UInt64, mayDiscard: Bool) -> RangeResult {
        if mayDiscard, case .done = range(0, offset, count) { return .done }
        let result = range(1, offset, count)
        guard case .unsupported = result else { return result }
        let zeros = AlignedBuffer(count: 1 << 16, alignment: 4096)
        // unsafe because the buffer is written within its bounds
        unsafe zeros.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        var done: UInt64 = 0
        while done < count {
            let part = Int(min(count - done, 1 << 16))
            // unsafe because the part is not longer than the buffer
            guard let chunk = unsafe zeros.part(part),
                unsafe transfer(chunk, at: offset + done, writes: true)
            else { return .failed }
            done += UInt64(part)
        }
        return .done
    }

    private func range(_ how: Int32, _ offset: UInt64, _ count: UInt64) -> RangeResult {
        while true {
            if bh_zero_range(file.rawValue, how, offset, count) == 0 { return .done }
            switch errno {
            case EINTR: continue
            case EOPNOTSUPP, ENOSYS: return .unsupported
            default: return .failed
            }
        }
    }
}
