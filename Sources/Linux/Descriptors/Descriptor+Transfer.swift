internal import Glibc

/// What one read brought.
public enum ReadResult: Equatable, Sendable {
    /// At least one byte.
    case bytes([UInt8])
    /// The end: nothing more will come.
    case end
    /// Nothing now (a nonblocking descriptor only).
    case wouldBlock
}

extension Descriptor {
    /// Reads once, at most `count` bytes. A terminal whose other side has gone (EIO) is at its end.
    public func read(upTo count: Int) throws(SystemError) -> ReadResult {
        var result = 0
        // unsafe because read fills uninitialised memory; exactly the bytes that it reports are then taken as valid
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            result = unsafe readOnce(buffer)
            filled = max(result, 0)
        }
        if result > 0 { return .bytes(bytes) }
        if result == 0 { return .end }
        switch errno {
        case EAGAIN: return .wouldBlock
        case EIO: return .end
        default: throw .last("read")
        }
    }

    /// Reads to the end, at most `limit` bytes; more is an error (EFBIG).
    public func readAll(limit: Int = 1 << 26) throws(SystemError) -> [UInt8] {
        // Most files are small, the kernel's above all: room for more is asked for once there is more.
        var all = try readSmall()
        var chunk = 16 << 10
        while all.count >= Self.small, case .bytes(let bytes) = try read(upTo: chunk) {
            all.append(contentsOf: bytes)
            if all.count > limit { throw SystemError("read", code: EFBIG) }
            chunk = min(chunk * 2, 1 << 20)
        }
        if all.count > limit { throw SystemError("read", code: EFBIG) }
        return all
    }

    /// What the stack has room for.
    private static var small: Int { 4096 }

    /// Reads to the end, or until there are `small` bytes or more.
    private func readSmall() throws(SystemError) -> [UInt8] {
        var all: [UInt8] = []
        var room = [4096 of UInt8](repeating: 0)
        while all.count < Self.small {
            var span = room.mutableSpan
            // unsafe because read fills the memory through a pointer, which is used within the closure only
            let count = unsafe span.withUnsafeMutableBufferPointer { unsafe readOnce($0) }
            if count < 0 && errno != EAGAIN && errno != EIO { throw .last("read") }
            if count <= 0 { return all }
            // unsafe because the pointer is used within the closure only
            unsafe room.span.withUnsafeBufferPointer { unsafe all.append(contentsOf: $0[..<count]) }
        }
        return all
    }

    /// Reads once into memory; how many bytes, 0 at the end, -1 with `errno`.
    private func readOnce(_ buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        while true {
            let result = unsafe Glibc.read(rawValue, buffer.baseAddress, buffer.count)
            if result >= 0 || errno != EINTR { return result }
        }
    }

    /// Writes once and says how many bytes were taken: 0 where it would have to wait.
    public func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
        var result = 0
        repeat {
            // unsafe because write takes a pointer, which lives for the call
            result = unsafe bytes.withUnsafeBufferPointer { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
        } while result < 0 && errno == EINTR
        if result < 0 {
            if errno == EAGAIN { return 0 }
            throw .last("write")
        }
        return result
    }

    /// Writes once and says how many bytes were taken: 0 where it would have to wait.
    public func write(_ bytes: [UInt8]) throws(SystemError) -> Int { try write(bytes.span) }

    /// Writes everything to a blocking descriptor.
    public func writeAll(_ bytes: [UInt8]) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let count = try write(bytes.span.extracting(written...))
            if count == 0 { throw SystemError("write", code: EAGAIN) }
            written += count
        }
    }

    /// Writes a text to a blocking descriptor.
    public func writeAll(_ text: String) throws(SystemError) { try writeAll(Array(text.utf8)) }

    /// Makes sure that what was written survives a power cut.
    public func synchronize() throws(SystemError) { try SystemError.check(fsync(rawValue), "fsync") }
}

extension Descriptor {
    /// Reading goes on at the beginning of the file, for whoever shares the open file, too.
    public func rewind() throws(SystemError) { try SystemError.check(lseek(rawValue, 0, SEEK_SET), "lseek") }

    /// Reads once from the beginning of the file, at most `count` bytes; the position stays.
    public func readFromStart(upTo count: Int) throws(SystemError) -> [UInt8] {
        var result = 0
        // unsafe because pread fills uninitialised memory; exactly the bytes that it reports are then taken as valid
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            result = unsafe pread(rawValue, buffer.baseAddress, count, 0)
            filled = max(result, 0)
        }
        try SystemError.check(result, "read")
        return bytes
    }
}
