/// An IPv4 address.
public struct IPv4Address: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The address as a number: 127.0.0.1 is 0x7f000001.
    public let value: UInt32

    /// From a number.
    public init(value: UInt32) { self.value = value }

    /// From its text with four decimal numbers; nil if it is none.
    public init?(_ text: some StringProtocol) {
        self.init(digits: String(text).utf8[...])
    }

    init?(digits text: Substring.UTF8View) {
        var (value, part): (UInt32, UInt32) = (0, 0)
        var (count, dots) = (0, 0)
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                // None begins with a 0 that does not stand alone.
                guard count == 0 || part > 0 else { return nil }
                part = part * 10 + UInt32(byte - UInt8(ascii: "0"))
                count += 1
                guard part <= 255 else { return nil }
            case UInt8(ascii: ".") where count > 0 && dots < 3:
                (value, part) = (value << 8 | part, 0)
                (count, dots) = (0, dots + 1)
            default: return nil
            }
        }
        guard count > 0, dots == 3 else { return nil }
        self.value = value << 8 | part
    }

    /// From four bytes in network order; nil for any other number.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 else { return nil }
        value = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Every address of the host: 0.0.0.0.
    public static let any = IPv4Address(value: 0)

    /// The four bytes in network order.
    public var bytes: [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }

    /// Whether it is in 127.0.0.0/8.
    public var isLoopback: Bool { value >> 24 == 127 }

    /// `127.0.0.1`.
    public var description: String { bytes.map(String.init).joined(separator: ".") }

    /// In numerical order.
    public static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.value < right.value }

    static func hexadecimal(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return byte < 16 ? "0" + text : text
    }
}

/// An IPv4 address with the length of its network's prefix: an interface's address, or a network.
public struct IPv4Prefix: Sendable, Hashable, CustomStringConvertible {
    /// The address, with the bits behind the prefix as they were given.
    public let address: IPv4Address
    /// 0 to 32.
    public let length: UInt8

    /// From its parts; nil for a length above 32.
    public init?(_ address: IPv4Address, length: Int) {
        guard (0...32).contains(length) else { return nil }
        self.address = address
        self.length = UInt8(length)
    }

    /// From its text, `172.17.0.1/16`; without a length it is 32.
    public init?(_ text: some StringProtocol) {
        let bytes = String(text).utf8
        let slash = bytes.firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
        guard let address = IPv4Address(digits: bytes[..<slash]) else { return nil }
        guard slash < bytes.endIndex else {
            self.init(address, length: 32)
            return
        }
        let digits = bytes[slash...].dropFirst()
        guard !digits.isEmpty else { return nil }
        var length = 0
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), length <= 32 else { return nil }
            length = length * 10 + Int(byte - UInt8(ascii: "0"))
        }
        self.init(address, length: length)
    }

    /// The bits of the prefix.
    public var mask: UInt32 { length == 0 ? 0 : ~0 << UInt32(32 - length) }
    /// The first address of the network.
    public var network: IPv4Address { IPv4Address(value: address.value & mask) }
    /// The last address of the network.
    public var broadcast: IPv4Address { IPv4Address(value: address.value | ~mask) }
    /// `172.17.0.0/16`.
    public var networkText: String { "\(network)/\(length)" }
    /// `172.17.0.1/16`.
    public var description: String { "\(address)/\(length)" }

    /// Whether the address is in the network.
    public func contains(_ other: IPv4Address) -> Bool { other.value & mask == address.value & mask }

    /// Whether the two networks have an address in common.
    public func overlaps(_ other: IPv4Prefix) -> Bool {
        let common = mask & other.mask
        return address.value & common == other.address.value & common
    }
}
