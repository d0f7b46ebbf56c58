/// One message out of what the kernel has sent, read with every length checked.
struct NetlinkReply {
    let type: UInt16
    let flags: UInt16
    let sequence: UInt32
    /// What follows the header.
    let payload: ArraySlice<UInt8>

    /// The messages in one datagram; one that claims more bytes than there are ends the list with nil.
    static func split(_ datagram: [UInt8]) -> [NetlinkReply]? {
        var rest = datagram[...]
        var replies: [NetlinkReply] = []
        while rest.count >= NetlinkMessage.headerLength {
            guard let length = rest.uint32(at: 0), let type = rest.uint16(at: 4), let flags = rest.uint16(at: 6),
                let sequence = rest.uint32(at: 8), length >= NetlinkMessage.headerLength, length <= rest.count
            else { return nil }
            let payload = rest.dropFirst(NetlinkMessage.headerLength).prefix(Int(length) - NetlinkMessage.headerLength)
            replies.append(NetlinkReply(type: type, flags: flags, sequence: sequence, payload: payload))
            rest = rest.dropFirst((Int(length) + 3) & ~3)
        }
        return replies
    }

    /// Of a message of the type `error`: the error number, 0 for an acknowledgement.
    var errorCode: Int32? { payload.uint32(at: 0).map { 0 &- Int32(truncatingIfNeeded: $0) } }

    /// The attributes behind a fixed part of that length.
    func attributes(after fixedLength: Int) -> NetlinkAttributes { NetlinkAttributes(payload.dropFirst(fixedLength)) }
}

/// A list of attributes. What does not fit ends it: the kernel is trusted to mean what it says, not to be our memory.
struct NetlinkAttributes {
    private var values: [(type: UInt16, value: ArraySlice<UInt8>)] = []

    init(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while let length = rest.uint16(at: 0), let type = rest.uint16(at: 2), length >= 4, length <= rest.count {
            // The two highest bits say that it is nested and in network order.
            values.append((type & 0x3fff, rest.dropFirst(4).prefix(Int(length) - 4)))
            rest = rest.dropFirst((Int(length) + 3) & ~3)
        }
    }

    subscript(type: UInt16) -> ArraySlice<UInt8>? { values.first { $0.type == type }?.value }

    func uint32(_ type: UInt16) -> UInt32? { self[type]?.uint32(at: 0) }

    func text(_ type: UInt16) -> String? {
        self[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    func nested(_ type: UInt16) -> NetlinkAttributes? { self[type].map { NetlinkAttributes($0) } }
}

extension ArraySlice<UInt8> {
    /// A number in the machine's order, so many bytes from the start; nil if the bytes are not there.
    func uint16(at offset: Int) -> UInt16? {
        guard count >= offset + 2 else { return nil }
        return UInt16(self[startIndex + offset]) | UInt16(self[startIndex + offset + 1]) << 8
    }

    /// A number in the machine's order, so many bytes from the start; nil if the bytes are not there.
    func uint32(at offset: Int) -> UInt32? {
        guard let low = uint16(at: offset), let high = uint16(at: offset + 2) else { return nil }
        return UInt32(low) | UInt32(high) << 16
    }
}
