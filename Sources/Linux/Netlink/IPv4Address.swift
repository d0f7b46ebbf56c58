/// An IPv4 address.
public struct IPv4Address: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The address as a number: 127.0.0.1 is 0x7f000001.
    public let value: UInt32

    /// From a number.
    public init(value: UInt32) { self.value = value }

    /// From its text with four decimal numbers; nil if it is none.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let byte = UInt8(part),
                part.count == 1 || part.first != "0"
            else { return nil }
            value = value << 8 | UInt32(byte)
        }
        self.value = value
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
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPv4Address(first) else { return nil }
        guard parts.count == 2 else {
            self.init(address, length: 32)
            return
        }
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]) else { return nil }
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
