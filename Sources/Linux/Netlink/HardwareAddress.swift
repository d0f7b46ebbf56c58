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
        let parts = text.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "-" }
        let bytes = parts.compactMap { $0.count == 2 && !$0.hasPrefix("+") ? UInt8($0, radix: 16) : nil }
        guard parts.count == 6, bytes.count == 6 else { return nil }
        self.bytes = bytes
    }

    /// The one that Docker gives to the interface with this address: `02:42` and the address.
    public init(for address: IPv4Address) { bytes = [0x02, 0x42] + address.bytes }

    /// `02:42:ac:11:00:02`.
    public var description: String { bytes.map { IPv4Address.hexadecimal($0) }.joined(separator: ":") }
}
