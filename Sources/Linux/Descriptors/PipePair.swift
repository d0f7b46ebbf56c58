internal import CLinux

/// Both ends of a new pipe; each can be taken (consumed) by itself.
@frozen public struct PipePair: ~Copyable, Sendable {
    /// Where bytes come out.
    public var reading: Descriptor
    /// Where bytes go in.
    public var writing: Descriptor

    /// Makes a pipe; both ends close on exec.
    public init() throws(SystemError) {
        var ends: [2 of Int32] = [-1, -1]
        var span = ends.mutableSpan
        // unsafe because pipe2 fills two numbers through a pointer, which is what is behind it
        let result = unsafe span.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return Int32(-1) }
            return unsafe bh_pipe(base)
        }
        try SystemError.check(result, "pipe")
        reading = Descriptor(adopting: ends[0])
        writing = Descriptor(adopting: ends[1])
    }
}
