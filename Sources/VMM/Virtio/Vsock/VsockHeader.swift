/// What stands before the payload of every packet: virtio 1.2, section 5.10.6.
///
/// ```
/// 0 source CID  8 destination CID  16 source port  20 destination port  24 payload bytes
/// 28 type  30 operation  32 flags  36 buf_alloc  40 fwd_cnt                              44 bytes, little-endian
/// ```
/// The fields have their places by the order in which they are declared: a value is copied from and to memory as it is.
struct VsockHeader: BitwiseCopyable, Equatable, Sendable {
    /// The context ID of the sender.
    var sourceContext: UInt64
    /// The context ID of the receiver.
    var destinationContext: UInt64
    /// The sender's port.
    var sourcePort: UInt32
    /// The receiver's port.
    var destinationPort: UInt32
    /// Bytes of payload behind the header.
    var length: UInt32 = 0
    /// 1 for a stream, 2 for sequenced packets, which this device does not offer.
    var type: UInt16 = VsockHeader.stream
    /// A ``VsockOperation``, or anything by a hostile guest.
    var operation: UInt16
    /// Of SHUTDOWN: ``VsockHalves``.
    var flags: UInt32 = 0
    /// Bytes that the sender can hold for this stream.
    var allocated: UInt32 = 0
    /// Bytes of this stream that the sender has passed on, ever (it wraps around).
    var forwarded: UInt32 = 0

    /// Bytes of a header.
    static let size = 44
    /// VIRTIO_VSOCK_TYPE_STREAM.
    static let stream: UInt16 = 1
    /// The context ID of the host.
    static let hostContext: UInt64 = 2
}

/// VIRTIO_VSOCK_OP_*.
enum VsockOperation: UInt16, Sendable {
    /// Asks for a connection.
    case request = 1
    /// Accepts it.
    case response = 2
    /// Ends or refuses it at once.
    case reset = 3
    /// One or both directions end.
    case shutdown = 4
    /// Carries payload.
    case data = 5
    /// Tells of room in the sender's buffer.
    case creditUpdate = 6
    /// Asks for a `creditUpdate`.
    case creditRequest = 7
}

/// What the sender of SHUTDOWN will not do any more.
struct VsockHalves: OptionSet, BitwiseCopyable, Sendable {
    /// The bits of the header's flags.
    let rawValue: UInt32
    /// From the header's flags.
    init(rawValue: UInt32) { self.rawValue = rawValue }
    /// It receives nothing any more.
    static let receiving = VsockHalves(rawValue: 1)
    /// It sends nothing any more.
    static let sending = VsockHalves(rawValue: 2)
    /// Neither.
    static let both: VsockHalves = [.receiving, .sending]
}

/// Names a stream: the guest's port and the host's.
struct VsockPorts: BitwiseCopyable, Hashable, Sendable {
    /// The guest's.
    var guest: UInt32
    /// The host's.
    var host: UInt32
}
