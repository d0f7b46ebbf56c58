/// The digest of a blob: `sha256:` and 64 lower-case hexadecimal digits (image-spec, descriptor.md).
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The 64 digits.
    public let hexadecimal: String

    /// From the 64 digits, or nil if they are not that.
    public init?(hexadecimal: some StringProtocol) {
        guard hexadecimal.utf8.count == 64, hexadecimal.utf8.allSatisfy(Digest.isDigit) else { return nil }
        self.hexadecimal = String(hexadecimal)
    }

    /// All digits zero: the digest of nothing known.
    public static let zero = Digest(unchecked: String(repeating: "0", count: 64))

    private init(unchecked hexadecimal: String) { self.hexadecimal = hexadecimal }

    /// From the full form, or nil: other algorithms than SHA-256 are not supported.
    public init?(_ text: some StringProtocol) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(hexadecimal: text.dropFirst(7))
    }

    /// From the 32 bytes of a SHA-256 digest.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        let digits = Array("0123456789abcdef")
        hexadecimal = String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    /// The full form.
    public var description: String { "sha256:\(hexadecimal)" }

    /// The first 12 digits, as people are shown them.
    public var short: String { String(hexadecimal.prefix(12)) }

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
