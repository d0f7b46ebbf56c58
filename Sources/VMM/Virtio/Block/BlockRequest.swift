/// What a driver asks a block device for: virtio 1.2, section 5.2.6.
///
/// ```
/// readable  type:32 reserved:32 sector:64  data (writes, ranges)
/// writable  data (reads, identity)  status:8
/// ```
struct BlockRequest: BitwiseCopyable {
    /// What is asked.
    enum Kind: UInt32 {
        case read = 0
        case write = 1
        case flush = 4
        case identity = 8
        case discard = 11
        case writeZeroes = 13
    }

    /// What comes of it.
    enum Status: UInt8 {
        case ok = 0
        case failed = 1
        case unsupported = 2
    }

    /// The header as it stands in memory.
    struct Header: BitwiseCopyable {
        var type: UInt32
        var reserved: UInt32
        var sector: UInt64
    }

    /// A range of a discard or write-zeroes request.
    struct Range: BitwiseCopyable {
        var sector: UInt64
        var count: UInt32
        var flags: UInt32

        /// Bytes that one takes.
        static let size = 16
        /// Whether its space may be given up.
        var unmap: Bool { flags & 1 != 0 }
    }
}
