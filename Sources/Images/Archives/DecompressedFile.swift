import CArchive
import OCI

/// A file that may be compressed, read as what it decompresses to, with a digest of that.
final class DecompressedFile {
    private let archive: OpaquePointer
    private let path: String
    private var hash = SHA256()
    private(set) var failure: ImageError?
    private(set) var size: Int64 = 0

    init(path: String) throws(ImageError) {
        self.path = path
        guard let archive = archive_read_new() else { throw .failed("read \(path): out of memory") }
        self.archive = archive
        ArchiveReader.supportCompressions(archive)
        archive_read_support_format_raw(archive)
        archive_read_support_format_empty(archive)
        var entry: OpaquePointer?
        guard archive_read_open_filename(archive, path, 1 << 17) == ARCHIVE_OK else { throw reason() }
        let first = archive_read_next_header(archive, &entry)
        guard first == ARCHIVE_OK || first == ARCHIVE_EOF else { throw reason() }
    }

    deinit { archive_read_free(archive) }

    /// The next block: how many bytes, 0 at the end, negative for a failure, which is kept.
    func next(_ buffer: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        var count = 0
        var offset: Int64 = 0
        let result = archive_read_data_block(archive, buffer, &count, &offset)
        if result == ARCHIVE_EOF { return 0 }
        guard result == ARCHIVE_OK || result == ARCHIVE_WARN else {
            failure = reason()
            return -1
        }
        if let base = buffer.pointee { hash.update(UnsafeRawBufferPointer(start: base, count: count)) }
        size += Int64(count)
        return count
    }

    /// Reads what is left and gives the digest of all of it.
    func finish() throws(ImageError) -> Digest {
        var block: UnsafeRawPointer?
        while next(&block) > 0 {}
        if let failure { throw failure }
        return hash.finish()
    }

    private func reason() -> ImageError {
        let text = archive_error_string(archive).map { String(cString: $0) } ?? "unknown reason"
        return .invalidArchive("decompress \(path): \(text)")
    }
}
