/// An uncompressed kernel: a 64-bit ELF file whose segments say where they belong, and perhaps a note with its PVH entry.
///
/// Nothing in the file is trusted: each number is checked before it is used.
struct ELFKernel {
    /// A part of the file with its place in the guest's memory.
    struct Segment: Equatable {
        let type: UInt32
        let offset: UInt64
        let address: UInt64
        let fileCount: UInt64
        let memoryCount: UInt64
    }

    private static let loaded: UInt32 = 1
    private static let notes: UInt32 = 4
    private static let headerSize = 56
    private static let mostSegments = 256
    private static let mostNotes: UInt64 = 1 << 20
    /// XEN_ELFNOTE_PHYS32_ENTRY.
    private static let entryNote: UInt32 = 18

    private let name: String
    private let entry: UInt64
    private let segments: [Segment]

    /// Reads the headers; `head` is the file's beginning.
    init(_ file: borrowing BootFile, head: [UInt8]) throws(VMMError) {
        name = file.name
        guard head.count >= 64, head[4] == 2, head[5] == 1, head.number(UInt16.self, at: 18) == 62,
            let entry = head.number(UInt64.self, at: 24), let table = head.number(UInt64.self, at: 32),
            let size = head.number(UInt16.self, at: 54), let count = head.number(UInt16.self, at: 56)
        else { throw VMMError(.kernel, "\(file.name): an ELF file, but none for x86-64") }
        guard Int(size) == ELFKernel.headerSize, count > 0, Int(count) <= ELFKernel.mostSegments else {
            throw VMMError(.kernel, "\(file.name): \(count) program headers of \(size) bytes: damaged, or no kernel")
        }
        self.entry = entry
        let headers = try file.bytes(at: table, count: Int(count) * ELFKernel.headerSize)
        segments = (0..<Int(count)).map { index in
            let start = index * ELFKernel.headerSize
            return Segment(
                type: headers.number(UInt32.self, at: start) ?? 0,
                offset: headers.number(UInt64.self, at: start + 8) ?? 0,
                address: headers.number(UInt64.self, at: start + 24) ?? 0,
                fileCount: headers.number(UInt64.self, at: start + 32) ?? 0,
                memoryCount: headers.number(UInt64.self, at: start + 40) ?? 0)
        }
    }

    /// Puts every segment to its place.
    func load(_ file: borrowing BootFile, into memory: GuestMemoryBacking) throws(VMMError) -> LoadedKernel {
        var end = BootLayout.kernel
        for segment in segments where segment.type == ELFKernel.loaded && segment.memoryCount > 0 {
            end = max(end, try load(segment, of: file, into: memory))
        }
        return LoadedKernel(
            entry: try entry(of: file), end: end, highestInitrd: .max,
            commandLineLimit: LoadedKernel.usualCommandLine)
    }

    private func load(
        _ segment: Segment, of file: borrowing BootFile, into memory: GuestMemoryBacking
    ) throws(VMMError) -> UInt64 {
        let place = "0x\(String(segment.address, radix: 16))"
        let low = memory.memory.low.count
        guard segment.fileCount <= segment.memoryCount else {
            throw VMMError(.kernel, "\(name): its segment at \(place) has more bytes in the file than in memory")
        }
        guard segment.address >= BootLayout.kernel, segment.address < low,
            segment.memoryCount <= low - segment.address
        else {
            throw VMMError(
                .kernel,
                "\(name): its segment of \(segment.memoryCount) bytes at \(place) does not fit into the machine's memory from 1 MiB to \(low >> 20) MiB: give the machine more memory"
            )
        }
        if segment.fileCount > 0 {
            try file.copy(from: segment.offset, count: segment.fileCount, to: segment.address, of: memory)
        }
        return segment.address + segment.memoryCount
    }

    private func entry(of file: borrowing BootFile) throws(VMMError) -> LoadedKernel.Entry {
        for segment in segments where segment.type == ELFKernel.notes {
            if let address = try pvhEntry(in: segment, of: file) {
                try check(entry: address, "PVH entry")
                return .pvh(address)
            }
        }
        try check(entry: entry, "entry")
        return .linux64(entry, setupHeader: [])
    }

    private func check(entry: UInt64, _ what: String) throws(VMMError) {
        let within = segments.contains {
            $0.type == ELFKernel.loaded && entry >= $0.address && entry - $0.address < $0.memoryCount
        }
        guard !within else { return }
        throw VMMError(.kernel, "\(name): its \(what) 0x\(String(entry, radix: 16)) is in none of its segments")
    }

    /// The address in the note of owner "Xen" that is a PVH entry; nil if there is none.
    private func pvhEntry(in segment: Segment, of file: borrowing BootFile) throws(VMMError) -> UInt64? {
        guard segment.fileCount <= ELFKernel.mostNotes else {
            throw VMMError(.kernel, "\(name): \(segment.fileCount) bytes of notes: damaged, or no kernel")
        }
        let notes = try file.bytes(at: segment.offset, count: Int(segment.fileCount))
        var position = 0
        while let owner = notes.number(UInt32.self, at: position),
            let size = notes.number(UInt32.self, at: position + 4),
            let type = notes.number(UInt32.self, at: position + 8)
        {
            // Each at most 4 GiB, so that nothing here wraps around.
            let content = position + 12 + (Int(owner) + 3) / 4 * 4
            if type == ELFKernel.entryNote, owner == 4, notes[(position + 12)...].starts(with: Array("Xen\0".utf8)) {
                if size >= 8 { return notes.number(UInt64.self, at: content) }
                if size >= 4 { return notes.number(UInt32.self, at: content).map { UInt64($0) } }
            }
            position = content + (Int(size) + 3) / 4 * 4
        }
        return nil
    }
}
