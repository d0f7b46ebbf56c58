/// The address of a network interface on its link: six bytes.
public struct HardwareAddress: Sendable, Hashable, CustomStringConvertible {
    /// The six bytes.
    public let bytes: [UInt8]

    /// From six bytes; nil for any other number.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 6 else { return nil }
        self.bytes = bytes
    }

    /// From its text, `02:42:ac:11:00:02` (`-` as separator too); nil if it is none.
    public init?(_ text: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(6)
        // Two digits and a separator at a time, but for the last one.
        for (index, character) in text.utf8.enumerated() {
            if index % 3 == 2 {
                guard character == UInt8(ascii: ":") || character == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = HardwareAddress.digit(character) else { return nil }
            if index % 3 == 0 { bytes.append(digit << 4) } else { bytes[index / 3] |= digit }
        }
        guard bytes.count == 6, text.utf8.count == 17 else { return nil }
        self.bytes = bytes
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The one that Docker gives to the interface with this address: `02:42` and the address.
    public init(for address: IPv4Address) { bytes = [0x02, 0x42] + address.bytes }

    /// `02:42:ac:11:00:02`.
    public var description: String { bytes.map { IPv4Address.hexadecimal($0) }.joined(separator: ":") }
}
