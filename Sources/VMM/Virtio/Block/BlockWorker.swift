internal import Glibc
internal import Linux
internal import Synchronization

/// One queue of a disk, on its I/O thread.
final class BlockWorker {
    /// Bytes that go through the bounce buffer at a time.
    private static let bounceSize = 1 << 20

    private let worker: QueueWorker
    private let shared: BlockShared
    private let writeThrough: Bool
    private let bounce: AlignedBuffer?
    /// Goes off when a limit has room again.
    var timer: IOTimer?

    init(_ worker: QueueWorker, _ shared: BlockShared, writeThrough: Bool) {
        self.worker = worker
        self.shared = shared
        self.writeThrough = writeThrough
        // What is never touched takes no memory.
        bounce = shared.file.alignment > 1 ? AlignedBuffer(count: BlockWorker.bounceSize, alignment: 4096) : nil
    }

    /// Does what is in the queue, as far as the limits let it.
    func serve() {
        worker.serve(each: true) { (chain: inout DescriptorChain) throws(VirtioError) in try answer(&chain) }
    }

    @inline(__always)
    private func answer(_ chain: inout DescriptorChain) throws(VirtioError) -> QueueWorker.Answer {
        let writable = chain.writable.bytes
        // unsafe because the place is the guest's memory, for one byte
        guard let place = unsafe chain.writable.takeLastByte() else {
            throw VirtioError("request \(chain.head) of a disk has no room for its status")
        }
        var status = BlockRequest.Status.failed
        if let header = chain.readable.take(BlockRequest.Header.self) {
            let kind = BlockRequest.Kind(rawValue: header.type)
            let (dataIn, dataOut) = (
                kind == .read ? chain.writable.bytes : 0, kind == .write ? chain.readable.bytes : 0
            )
            let wait = limit(UInt64(dataIn + dataOut))
            if wait > 0 {
                timer?.set(nanoseconds: wait)
                return .later
            }
            status = perform(kind, header, &chain)
            let done = status == .ok
            shared.counters.count(bytesIn: done ? dataIn : 0, bytesOut: done ? dataOut : 0, failed: !done)
        } else {
            shared.counters.count(failed: true)
        }
        // unsafe because the place is the guest's memory, for one byte
        unsafe place.pointee = status.rawValue
        // Section 2.7.8.2: no more than what was certainly written, from the first byte on.
        return .done(written: status == .ok || writable == 1 ? writable : 0)
    }

    @inline(__always)
    private func limit(_ bytes: UInt64) -> UInt64 {
        shared.limiter.withLock { limiter in
            limiter.limits ? limiter.take(bytes: bytes, now: UInt64(Clock.monotonicNanoseconds)) : 0
        }
    }

    @inline(__always)
    private func perform(
        _ kind: BlockRequest.Kind?, _ header: BlockRequest.Header, _ chain: inout DescriptorChain
    ) -> BlockRequest.Status {
        switch kind {
        case .read: return transfer(&chain.writable, sector: header.sector, writes: false)
        case .write:
            guard !shared.file.readOnly else { return .failed }
            let status = transfer(&chain.readable, sector: header.sector, writes: true)
            return status == .ok && writeThrough && !shared.file.flush() ? .failed : status
        case .flush: return shared.file.flush() ? .ok : .failed
        case .identity:
            guard chain.writable.bytes >= BlockDevice.serialSize else { return .failed }
            // unsafe because the serial is only read
            unsafe shared.serial.withUnsafeBytes { unsafe _ = chain.writable.copy(from: $0) }
            return .ok
        case .discard, .writeZeroes:
            guard !shared.file.readOnly else { return .failed }
            return ranges(kind == .discard, &chain.readable)
        case nil: return .unsupported
        }
    }

    /// The offset of a range of sectors, in bytes; nil where not all of it is on the disk.
    @inline(__always)
    private func offset(sector: UInt64, bytes: UInt64) -> UInt64? {
        let (offset, overflow) = sector.multipliedReportingOverflow(by: BlockFile.sector)
        let capacity = shared.file.capacity
        guard !overflow, bytes <= capacity, offset <= capacity - bytes else { return nil }
        return offset
    }

    @inline(__always)
    private func transfer(_ data: inout SegmentList, sector: UInt64, writes: Bool) -> BlockRequest.Status {
        let bytes = UInt64(data.bytes)
        guard bytes % BlockFile.sector == 0, let offset = offset(sector: sector, bytes: bytes) else { return .failed }
        if bounce != nil { return transferDirectly(&data, offset, writes) }
        return shared.file.transfer(&data, at: offset, writes: writes) ? .ok : .failed
    }

    // MARK: Direct I/O

    /// Straight where all segments are aligned, as a guest's block layer has them; else through the bounce buffer.
    private func transferDirectly(_ data: inout SegmentList, _ offset: UInt64, _ writes: Bool) -> BlockRequest.Status {
        let mask = shared.file.alignment - 1
        // The guest was told the size of a block (`blk_size`).
        guard Int(truncatingIfNeeded: offset) & mask == 0, data.bytes & mask == 0 else { return .failed }
        var aligned = true
        for index in 0..<data.count {
            // unsafe because the index is below the count; only the address is looked at
            let segment = unsafe data[index]
            aligned = aligned && (Int(bitPattern: segment.baseAddress) | segment.count) & mask == 0
        }
        if aligned { return shared.file.transfer(&data, at: offset, writes: writes) ? .ok : .failed }
        return transferBounced(&data, offset, writes) ? .ok : .failed
    }

    private func transferBounced(_ data: inout SegmentList, _ offset: UInt64, _ writes: Bool) -> Bool {
        var place = offset
        while data.bytes > 0 {
            let part = min(data.bytes, BlockWorker.bounceSize)
            // unsafe because the part is not longer than the buffer, which this worker alone uses
            guard let buffer = unsafe bounce?.part(part) else { return false }
            // unsafe because of the buffer
            if writes { unsafe data.copy(to: buffer) }
            // unsafe because of the buffer
            guard unsafe shared.file.transfer(buffer, at: place, writes: writes) else { return false }
            // unsafe because of the buffer
            if !writes { unsafe data.copy(from: UnsafeRawBufferPointer(buffer)) }
            guard data.drop(first: part) else { return false }
            place &+= UInt64(part)
        }
        return true
    }

    // MARK: Ranges

    private func ranges(_ discard: Bool, _ list: inout SegmentList) -> BlockRequest.Status {
        let size = BlockRequest.Range.size
        guard list.bytes > 0, list.bytes % size == 0, list.bytes / size <= BlockDevice.rangesMax else {
            return .failed
        }
        while let range = list.take(BlockRequest.Range.self) {
            // Section 5.2.6.2: reserved flags, and `unmap` of a discard, are refused.
            guard range.flags & ~(discard ? 0 : 1) == 0 else { return .unsupported }
            guard range.count <= BlockDevice.rangeSectors,
                let offset = offset(sector: range.sector, bytes: UInt64(range.count) * BlockFile.sector)
            else { return .failed }
            guard range.count > 0 else { continue }
            let bytes = UInt64(range.count) * BlockFile.sector
            let result =
                discard
                ? shared.file.discard(offset, bytes)
                : shared.file.writeZeroes(offset, bytes, mayDiscard: range.unmap)
            switch result {
            case .done: continue
            case .failed: return .failed
            case .unsupported: return .unsupported
            }
        }
        return writeThrough && !shared.file.flush() ? .failed : .ok
    }
}
