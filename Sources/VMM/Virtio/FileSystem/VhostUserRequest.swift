/// What the front end of vhost-user says to the server of a device: the messages that a file system needs.
///
/// Each is a header of three 32-bit words (number, flags, bytes of payload) and its payload, little-endian, with
/// descriptors beside it.
enum VhostUserRequest: Equatable, Sendable {
    /// Which features the server has; answered by 64 bits.
    case getFeatures
    /// Those that the guest's driver has agreed on, and ``VhostUserFeature``.
    case setFeatures(UInt64)
    /// This front end has the device from now on.
    case setOwner
    /// The guest's memory; one descriptor for each region.
    case setMemoryTable([Region])
    /// Descriptors of a queue.
    case setQueueSize(queue: UInt32, size: UInt32)
    /// Where a queue is, by addresses within the regions' `userAddress`.
    case setQueueAddress(queue: UInt32, descriptors: UInt64, used: UInt64, available: UInt64)
    /// The available index from which a queue goes on.
    case setQueueBase(queue: UInt32, index: UInt32)
    /// Stops a queue; answered by its number and its available index.
    case getQueueBase(queue: UInt32)
    /// The eventfd by which the driver notifies, beside it.
    case setQueueKick(queue: UInt8)
    /// The eventfd by which the server interrupts, beside it.
    case setQueueCall(queue: UInt8)
    /// The eventfd by which the server tells of a queue that is broken, beside it.
    case setQueueError(queue: UInt8)
    /// Which ``VhostUserFeature/Conversation`` the server has; answered by 64 bits.
    case getProtocolFeatures
    /// Those that are used.
    case setProtocolFeatures(UInt64)
    /// How many queues the server has; answered by 64 bits.
    case getQueueCount
    /// Lets a queue be used, or not.
    case setQueueEnabled(queue: UInt32, Bool)

    /// A range of the guest's memory, and where it stands in the file that is beside the message.
    struct Region: Equatable, Sendable {
        /// Guest-physical.
        var guestAddress: UInt64
        /// Bytes.
        var count: UInt64
        /// The address that `setQueueAddress` has in mind for it.
        var userAddress: UInt64
        /// Where it begins in the file.
        var fileOffset: UInt64
    }

    /// VHOST_USER_*.
    var number: UInt32 {
        switch self {
        case .getFeatures: 1
        case .setFeatures: 2
        case .setOwner: 3
        case .setMemoryTable: 5
        case .setQueueSize: 8
        case .setQueueAddress: 9
        case .setQueueBase: 10
        case .getQueueBase: 11
        case .setQueueKick: 12
        case .setQueueCall: 13
        case .setQueueError: 14
        case .getProtocolFeatures: 15
        case .setProtocolFeatures: 16
        case .getQueueCount: 17
        case .setQueueEnabled: 18
        }
    }

    /// What follows the header.
    var payload: [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .getFeatures, .setOwner, .getProtocolFeatures, .getQueueCount: break
        case .setFeatures(let features), .setProtocolFeatures(let features): bytes.append(littleEndian: features)
        case .setMemoryTable(let regions):
            bytes.append(littleEndian: UInt64(regions.count))
            for region in regions {
                for word in [region.guestAddress, region.count, region.userAddress, region.fileOffset] {
                    bytes.append(littleEndian: word)
                }
            }
        case .setQueueSize(let queue, let number), .setQueueBase(let queue, let number):
            bytes.append(littleEndian: queue)
            bytes.append(littleEndian: number)
        case .setQueueEnabled(let queue, let enabled):
            bytes.append(littleEndian: queue)
            bytes.append(littleEndian: enabled ? 1 as UInt32 : 0)
        case .getQueueBase(let queue):
            bytes.append(littleEndian: queue)
            bytes.append(littleEndian: 0 as UInt32)
        case .setQueueAddress(let queue, let descriptors, let used, let available):
            bytes.append(littleEndian: queue)
            bytes.append(littleEndian: 0 as UInt32)
            // The last word is of the log of a migration, of which there is none.
            for word in [descriptors, used, available, 0] { bytes.append(littleEndian: word) }
        case .setQueueKick(let queue), .setQueueCall(let queue), .setQueueError(let queue):
            bytes.append(littleEndian: UInt64(queue))
        }
        return bytes
    }
}

/// Bits that front end and server agree on.
enum VhostUserFeature {
    /// VHOST_USER_F_PROTOCOL_FEATURES, among the device's features.
    static let protocolFeatures: UInt64 = 1 << 30

    /// Features of the protocol itself.
    enum Conversation {
        /// VHOST_USER_PROTOCOL_F_MQ: the number of queues can be asked for.
        static let queueCount: UInt64 = 1 << 0
        /// VHOST_USER_PROTOCOL_F_REPLY_ACK: every request can be answered.
        static let acknowledgement: UInt64 = 1 << 3
    }
}

/// What stands before the payload of every message.
struct VhostUserHeader: BitwiseCopyable, Equatable, Sendable {
    /// Of the request, and of the answer to it.
    var request: UInt32
    /// The protocol's version in the two lowest bits, and ``Flag``.
    var flags: UInt32
    /// Bytes of payload.
    var size: UInt32

    /// Bytes of a header.
    static let count = 12
    /// The only version there is.
    static let version: UInt32 = 1

    /// Above the version.
    enum Flag {
        /// It is an answer.
        static let reply: UInt32 = 1 << 2
        /// An answer is wanted, 64 bits that are 0 if all went well.
        static let needsReply: UInt32 = 1 << 3
    }

    /// As it travels.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for word in [request, flags, size] { bytes.append(littleEndian: word) }
        return bytes
    }

    /// Reads the 12 bytes of one; nil for fewer.
    init?(_ bytes: [UInt8]) {
        guard let request = UInt32(littleEndianBytes: bytes, at: 0),
            let flags = UInt32(littleEndianBytes: bytes, at: 4), let size = UInt32(littleEndianBytes: bytes, at: 8)
        else { return nil }
        self.init(request: request, flags: flags, size: size)
    }

    init(request: UInt32, flags: UInt32, size: UInt32) {
        (self.request, self.flags, self.size) = (request, flags, size)
    }
}

extension FixedWidthInteger {
    /// The number whose lowest byte stands at an index; nil where there are too few bytes.
    init?(littleEndianBytes bytes: [UInt8], at index: Int) {
        guard index >= 0, index + Self.bitWidth / 8 <= bytes.count else { return nil }
        self = 0
        for place in 0..<Self.bitWidth / 8 {
            self |= Self(truncatingIfNeeded: bytes[index + place]) << Self(8 * place)
        }
    }
}
