import Glibc

/// A log with its older parts: `log.2`, `log.1`, `log`.
struct LogFiles {
    /// The newest of them.
    let path: String

    /// One part.
    struct Part: Equatable {
        var path: String
        var inode: UInt64
        var size: Int64
    }

    /// What is there, oldest first.
    func parts() -> [Part] {
        var parts: [Part] = []
        if let part = LogFiles.part(path) { parts.append(part) }
        var number = 1
        while let part = LogFiles.part("\(path).\(number)") {
            parts.append(part)
            number += 1
        }
        return parts.reversed()
    }

    private static func part(_ path: String) -> Part? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Part(path: path, inode: UInt64(status.st_ino), size: Int64(status.st_size))
    }

    /// Where the last `count` lines begin: the index among `parts` and the offset in that part.
    static func tail(_ count: Int, of parts: [Part]) -> (index: Int, offset: Int64) {
        guard count > 0 else { return (max(0, parts.count - 1), parts.last?.size ?? 0) }
        var missing = count
        for index in parts.indices.reversed() {
            let part = parts[index]
            guard let file = LogFile(part.path) else { continue }
            var end = part.size
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            while end > 0 {
                let start = max(0, end - Int64(chunk.count))
                let length = file.read(into: &chunk, count: Int(end - start), at: start)
                guard length > 0 else { break }
                for position in stride(from: length - 1, through: 0, by: -1) where chunk[position] == 0x0A {
                    let next = start + Int64(position) + 1
                    // The newline at the very end closes the last line; it begins none.
                    if next == part.size { continue }
                    missing -= 1
                    if missing == 0 { return (index, next) }
                }
                end = start
            }
            // The first line of a part begins without a newline before it.
            if part.size > 0 { missing -= 1 }
            if missing == 0 { return (index, 0) }
        }
        return (0, 0)
    }
}

/// An open part of a log.
final class LogFile: Sendable {
    private let descriptor: Int32
    let inode: UInt64

    /// Nil where it can't be opened.
    init?(_ path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        fstat(descriptor, &status)
        inode = UInt64(status.st_ino)
    }

    deinit { close(descriptor) }

    /// How many bytes were read at this offset.
    func read(into buffer: inout [UInt8], count: Int, at offset: Int64) -> Int {
        max(0, pread(descriptor, &buffer, min(count, buffer.count), off_t(offset)))
    }
}
