/// A 64-bit little-endian ELF file, as far as kernels, kernel modules and the agent need to be looked into and cut.
///
/// Nothing in the file is trusted: every offset is checked against its length.
struct ELFImage {
    /// A program header.
    struct Segment {
        let type: UInt32
        let file: Range<Int>
    }

    /// A section header.
    struct Section {
        let name: String
        let file: Range<Int>
        /// Where the header stands.
        let header: Int
    }

    /// `type` of a segment that is loaded, and of one with notes.
    static let loaded: UInt32 = 1
    static let notes: UInt32 = 4

    private(set) var bytes: [UInt8]

    /// Nil unless the bytes begin with the header of such a file.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 64, bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return nil }
        self.bytes = bytes
    }

    /// The program headers that lie within the file.
    var segments: [Segment] {
        let (start, size, count) = (offset(32), Int(number(54, 2) ?? 0), Int(number(56, 2) ?? 0))
        guard let start, size >= 56 else { return [] }
        var segments: [Segment] = []
        for index in 0..<count {
            let header = start + index * size
            guard let type = number(header, 4), let file = range(offset: header + 8, size: header + 32) else {
                continue
            }
            segments.append(Segment(type: UInt32(truncatingIfNeeded: type), file: file))
        }
        return segments
    }

    /// The sections that lie within the file.
    var sections: [Section] {
        let (start, size, count) = (offset(40), Int(number(58, 2) ?? 0), Int(number(60, 2) ?? 0))
        guard let start, size >= 64, let names = number(62, 2),
            let table = range(offset: start + Int(names) * size + 24, size: start + Int(names) * size + 32)
        else { return [] }
        var sections: [Section] = []
        for index in 0..<count {
            let header = start + index * size
            guard let name = number(header, 4), let file = range(offset: header + 24, size: header + 32),
                Int(name) < table.count
            else { continue }
            let text = bytes[(table.lowerBound + Int(name))..<table.upperBound].prefix { $0 != 0 }
            sections.append(Section(name: String(decoding: text, as: UTF8.self), file: file, header: header))
        }
        return sections
    }

    /// Takes a section out of sight: it has no name any more and is not loaded.
    mutating func hide(_ section: Section) {
        for index in section.header..<section.header + 4 { bytes[index] = 0 }
        for index in section.header + 8..<section.header + 16 { bytes[index] = 0 }
    }

    /// Leaves only what is loaded when the program is executed: no symbols, no debugging information.
    mutating func cutToSegments() {
        let end = segments.map(\.file.upperBound).max() ?? bytes.count
        guard end >= 64 else { return }
        bytes.removeSubrange(end...)
        // The table of sections is gone: its offset, and how many there are.
        for index in Array(40..<48) + Array(60..<64) { bytes[index] = 0 }
    }

    /// Whether there is a note of this owner and type.
    func hasNote(owner: String, type: UInt32) -> Bool {
        let name = Array(owner.utf8) + [0]
        for segment in segments where segment.type == ELFImage.notes {
            var position = segment.file.lowerBound
            while position + 12 <= segment.file.upperBound {
                guard let nameSize = number(position, 4), let size = number(position + 4, 4),
                    let found = number(position + 8, 4)
                else { break }
                if found == UInt64(type), Int(nameSize) == name.count, position + 12 + name.count <= bytes.count,
                    bytes[(position + 12)...].starts(with: name)
                {
                    return true
                }
                position += 12 + (Int(nameSize) + 3) / 4 * 4 + (Int(size) + 3) / 4 * 4
            }
        }
        return false
    }

    private func number(_ position: Int, _ size: Int) -> UInt64? {
        guard position >= 0, position <= bytes.count - size else { return nil }
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        return value
    }

    private func offset(_ position: Int) -> Int? {
        guard let value = number(position, 8), value < UInt64(bytes.count) else { return nil }
        return Int(value)
    }

    private func range(offset: Int, size: Int) -> Range<Int>? {
        guard let start = number(offset, 8), let length = number(size, 8),
            start <= UInt64(bytes.count), length <= UInt64(bytes.count) - start
        else { return nil }
        return Int(start)..<Int(start) + Int(length)
    }
}
