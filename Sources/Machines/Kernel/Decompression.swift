import CArchive

/// Compressed data of any kind that libarchive knows: lz4, xz, zstd, gzip, bzip2, lzma.
enum Decompression {
    private static let chunk = 1 << 20
    private static let limit = 256 << 20

    /// The content of a compressed file.
    static func bytes(ofFile path: String) throws(MachineError) -> [UInt8] {
        try read(path) { archive_read_open_filename($0, path, chunk) }
    }

    /// What compressed bytes become. `name` is for messages.
    static func bytes(of bytes: [UInt8], name: String) throws(MachineError) -> [UInt8] {
        var compressed = bytes
        let count = compressed.count
        var result: Result<[UInt8], MachineError> = .success([])
        compressed.withUnsafeMutableBytes { buffer in
            do throws(MachineError) {
                result = .success(try read(name) { archive_read_open_memory($0, buffer.baseAddress, count) })
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    private static func read(_ name: String, open: (OpaquePointer) -> Int32) throws(MachineError) -> [UInt8] {
        guard let archive = archive_read_new() else { throw MachineError(.failed, "decompress \(name): no memory") }
        defer { archive_read_free(archive) }
        archive_read_support_filter_all(archive)
        archive_read_support_format_raw(archive)
        var entry: OpaquePointer?
        guard open(archive) == ARCHIVE_OK, archive_read_next_header(archive, &entry) == ARCHIVE_OK else {
            throw problem(archive, name)
        }
        var content: [UInt8] = []
        while true {
            var count = 0
            let part = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, filled in
                count = archive_read_data(archive, buffer.baseAddress, chunk)
                filled = max(count, 0)
            }
            if count == 0 { return content }
            guard count > 0 else { throw problem(archive, name) }
            content += part
            guard content.count <= limit else {
                throw MachineError(.unusable, "decompress \(name): more than \(limit >> 20) MiB")
            }
        }
    }

    private static func problem(_ archive: OpaquePointer, _ name: String) -> MachineError {
        MachineError(
            .unusable, "decompress \(name): \(archive_error_string(archive).map { String(cString: $0) } ?? "failed")")
    }
}
