import CArchive
import Linux
import OCI

/// An archive of any format and compression that libarchive knows, read entry by entry.
final class ArchiveReader {
    private let archive: OpaquePointer
    private let name: String
    private var source: DecompressedFile?

    /// Opens a file; compression is found out.
    init(path: String) throws(ImageError) {
        name = path
        archive = try ArchiveReader.make(path)
        ArchiveReader.supportCompressions(archive)
        archive_read_support_format_tar(archive)
        archive_read_support_format_gnutar(archive)
        guard archive_read_open_filename(archive, path, 1 << 17) == ARCHIVE_OK else { throw failure("open") }
    }

    /// Reads the tar archive that a decompressed file is, so that the file's digest is known at the end.
    init(reading source: DecompressedFile, name: String) throws(ImageError) {
        self.name = name
        self.source = source
        archive = try ArchiveReader.make(name)
        archive_read_support_format_tar(archive)
        archive_read_support_format_gnutar(archive)
        // an empty layer is a file of nothing but zeros, or of nothing at all
        archive_read_support_format_empty(archive)
        let opened = archive_read_open(
            archive, Unmanaged.passUnretained(source).toOpaque(), nil,
            { _, client, buffer in
                guard let client, let buffer else { return -1 }
                let source = Unmanaged<DecompressedFile>.fromOpaque(client).takeUnretainedValue()
                return source.next(buffer)
            }, nil)
        guard opened == ARCHIVE_OK else { throw failure("open") }
    }

    deinit { archive_read_free(archive) }

    /// The compressions that image tools write. Not all that libarchive knows: for some it starts programs of the host.
    static func supportCompressions(_ archive: OpaquePointer) {
        archive_read_support_filter_gzip(archive)
        archive_read_support_filter_bzip2(archive)
        archive_read_support_filter_xz(archive)
        archive_read_support_filter_zstd(archive)
    }

    private static func make(_ name: String) throws(ImageError) -> OpaquePointer {
        guard let archive = archive_read_new() else { throw .failed("read \(name): out of memory") }
        return archive
    }

    /// The next entry, or nil at the end.
    func next() throws(ImageError) -> ArchiveEntry? {
        var entry: OpaquePointer?
        let result = archive_read_next_header(archive, &entry)
        if result == ARCHIVE_EOF { return nil }
        // a warning (a name that is no UTF-8, say) leaves a usable entry
        guard result == ARCHIVE_OK || result == ARCHIVE_WARN, let entry else { throw failure("read") }
        return try ArchiveEntry(entry)
    }

    /// Writes the present entry's content into an open file, holes left as holes.
    func copyContent(to file: borrowing Descriptor, size: Int64) throws(ImageError) {
        var block: UnsafeRawPointer?
        var count = 0
        var offset: Int64 = 0
        while true {
            let result = archive_read_data_block(archive, &block, &count, &offset)
            if result == ARCHIVE_EOF { break }
            guard result == ARCHIVE_OK || result == ARCHIVE_WARN else { throw failure("read") }
            guard count > 0, let block else { continue }
            do {
                try file.write(UnsafeRawBufferPointer(start: block, count: count), at: offset)
            } catch { throw ImageError("unpack \(name)", error) }
        }
        do { try file.setSize(size) } catch { throw ImageError("unpack \(name)", error) }
    }

    private func failure(_ step: String) -> ImageError {
        if let reason = source?.failure { return reason }
        let text = archive_error_string(archive).map { String(cString: $0) } ?? "unknown reason"
        return .invalidArchive("\(step) the archive \(name): \(text)")
    }
}
