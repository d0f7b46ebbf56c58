/// Something that a device occupies: ACPI 6.5, section 6.4.
enum AMLResource: Sendable, Equatable {
    /// Guest-physical addresses that can be read and written.
    case memory(UInt64, count: UInt64)
    /// An interrupt line of its own: an edge, active high.
    case interrupt(UInt32)
    /// Ports.
    case ports(Range<UInt64>)

    /// What ends a list of them; a checksum of 0 stands for none.
    static let end: [UInt8] = [0x79, 0]

    /// The descriptor.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .memory(let start, let count):
            bytes = [0x86, 9, 0, 1]
            bytes.append(littleEndian: UInt32(truncatingIfNeeded: start))
            bytes.append(littleEndian: UInt32(truncatingIfNeeded: count))
        case .interrupt(let line):
            let (consumes, isEdge): (UInt8, UInt8) = (1 << 0, 1 << 1)
            bytes = [0x89, 6, 0, consumes | isEdge, 1]
            bytes.append(littleEndian: line)
        case .ports(let range):
            bytes = [0x47, 1]
            bytes.append(littleEndian: UInt16(truncatingIfNeeded: range.lowerBound))
            bytes.append(littleEndian: UInt16(truncatingIfNeeded: range.lowerBound))
            bytes += [1, UInt8(truncatingIfNeeded: range.count)]
        }
        return bytes
    }
}
