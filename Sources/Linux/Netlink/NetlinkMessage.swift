/// A request of the kernel's routing socket while it is put together.
///
/// ```
///  0        4      6      8        12      16
///  | length | type | flags| sequence | port | fixed part | attribute | attribute | …
///                                            attribute: | length u16 | type u16 | value, padded to 4 |
/// ```
/// All numbers are in the order of the machine, and every attribute begins at a multiple of four bytes.
struct NetlinkMessage {
    static let headerLength = 16

    private(set) var bytes: [UInt8]
    /// What is done to what, for the error.
    let operation: String
    let object: String
    /// Whether things go on where the kernel refuses this one.
    var mayFail = false

    init(_ type: UInt16, flags: UInt16, operation: String, object: String) {
        bytes = []
        bytes.reserveCapacity(256)
        self.operation = operation
        self.object = object
        append(UInt32(0))
        append(type)
        append(flags | NetlinkFlag.request)
        append(UInt32(0))
        append(UInt32(0))
    }

    /// Appends a number of the fixed part.
    mutating func append(_ number: some FixedWidthInteger) {
        var rest = number.littleEndian
        for _ in 0..<(number.bitWidth / 8) {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    /// Appends an attribute.
    mutating func append(_ type: UInt16, _ value: [UInt8]) {
        append(UInt16(truncatingIfNeeded: 4 + value.count))
        append(type)
        bytes.append(contentsOf: value)
        pad()
    }

    /// Appends an attribute with a text, which ends with a zero.
    mutating func append(_ type: UInt16, _ text: String) { append(type, Array(text.utf8) + [0]) }

    /// Appends an attribute with a number.
    mutating func append(_ type: UInt16, number: some FixedWidthInteger) {
        append(UInt16(truncatingIfNeeded: 4 + number.bitWidth / 8))
        append(type)
        append(number)
        pad()
    }

    /// Appends an attribute that holds what `content` appends.
    mutating func nest(_ type: UInt16, _ content: (inout NetlinkMessage) -> Void) {
        let start = bytes.count
        append(UInt16(0))
        append(type)
        content(&self)
        setUInt16(at: start, UInt16(truncatingIfNeeded: bytes.count - start))
    }

    /// The bytes with length and sequence number filled in.
    func encoded(sequence: UInt32) -> [UInt8] {
        var result = self
        let length = UInt32(truncatingIfNeeded: bytes.count)
        result.setUInt16(at: 0, UInt16(truncatingIfNeeded: length))
        result.setUInt16(at: 2, UInt16(truncatingIfNeeded: length >> 16))
        result.setUInt16(at: 8, UInt16(truncatingIfNeeded: sequence))
        result.setUInt16(at: 10, UInt16(truncatingIfNeeded: sequence >> 16))
        return result.bytes
    }

    private mutating func pad() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    private mutating func setUInt16(at offset: Int, _ value: UInt16) {
        bytes[offset] = UInt8(truncatingIfNeeded: value)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }
}

/// Flags in the header of a request (linux/netlink.h).
enum NetlinkFlag {
    static let request: UInt16 = 0x001
    static let acknowledge: UInt16 = 0x004
    static let replace: UInt16 = 0x100
    static let exclusive: UInt16 = 0x200
    static let create: UInt16 = 0x400
    static let dump: UInt16 = 0x300
}

/// Types of messages (linux/netlink.h, linux/rtnetlink.h).
enum NetlinkType {
    static let error: UInt16 = 2
    static let done: UInt16 = 3
    static let newLink: UInt16 = 16
    static let deleteLink: UInt16 = 17
    static let getLink: UInt16 = 18
    static let newAddress: UInt16 = 20
    static let deleteAddress: UInt16 = 21
    static let getAddress: UInt16 = 22
    static let newRoute: UInt16 = 24
    static let getRoute: UInt16 = 26
    static let newNeighbour: UInt16 = 28
}
