extension Array where Element == UInt8 {
    /// Appends a number, least significant byte first.
    mutating func append<Number: FixedWidthInteger>(littleEndian number: Number) {
        for index in 0..<Number.bitWidth / 8 { append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
    }

    /// Writes a number over bytes that are there.
    mutating func store<Number: FixedWidthInteger>(littleEndian number: Number, at position: Int) {
        for index in 0..<Number.bitWidth / 8 {
            self[position + index] = UInt8(truncatingIfNeeded: number >> (8 * index))
        }
    }

    /// The number at a position; nil if the bytes end before.
    func number<Number: FixedWidthInteger>(_ type: Number.Type, at position: Int) -> Number? {
        let size = Number.bitWidth / 8
        guard position >= 0, position <= count - size else { return nil }
        return (0..<size).reduce(0) { $0 | Number(truncatingIfNeeded: self[position + $1]) << (8 * $1) }
    }
}
