import CArchive
import Linux
import OCI

/// One member of an archive, checked: its path is relative and has no `..`.
struct ArchiveEntry {
    /// What it is.
    enum Kind {
        case file(size: Int64)
        case directory
        case symbolicLink(target: String)
        case hardLink(target: String)
        case device(FileStatus.Kind, major: UInt32, minor: UInt32)
        case pipe
    }

    let kind: Kind
    /// The directory part, empty for the top, and the last name; both empty for the top itself.
    let parent: String
    let name: String
    let permissions: UInt32
    let user: UInt32
    let group: UInt32
    let modified: (seconds: Int64, nanoseconds: Int64)
    let attributes: [(name: String, value: [UInt8])]

    /// The path within the archive.
    var path: String { parent.isEmpty ? name : "\(parent)/\(name)" }

    init(_ entry: OpaquePointer) throws(ImageError) {
        guard let text = ArchiveEntry.string(archive_entry_pathname(entry)) else {
            throw .invalidArchive("an entry without a name, or with one that is no UTF-8")
        }
        let parts = try ArchiveEntry.components(text)
        name = parts.last.map(String.init) ?? ""
        parent = parts.dropLast().joined(separator: "/")
        permissions = UInt32(archive_entry_perm(entry)) & 0o7777
        user = try ArchiveEntry.identifier(archive_entry_uid(entry), text)
        group = try ArchiveEntry.identifier(archive_entry_gid(entry), text)
        modified = (Int64(archive_entry_mtime(entry)), Int64(archive_entry_mtime_nsec(entry)))
        attributes = ArchiveEntry.attributes(entry)

        if let target = ArchiveEntry.string(archive_entry_hardlink(entry)) {
            kind = .hardLink(target: try ArchiveEntry.components(target).joined(separator: "/"))
            return
        }
        let major = UInt32(truncatingIfNeeded: archive_entry_rdevmajor(entry))
        let minor = UInt32(truncatingIfNeeded: archive_entry_rdevminor(entry))
        switch UInt32(archive_entry_filetype(entry)) {
        case 0o100000: kind = .file(size: max(0, archive_entry_size(entry)))
        case 0o040000: kind = .directory
        case 0o120000:
            guard let target = ArchiveEntry.string(archive_entry_symlink(entry)) else {
                throw .invalidArchive("\(text): a link without a target, or with one that is no UTF-8")
            }
            kind = .symbolicLink(target: target)
        case 0o020000: kind = .device(.characterDevice, major: major, minor: minor)
        case 0o060000: kind = .device(.blockDevice, major: major, minor: minor)
        case 0o010000: kind = .pipe
        default: throw .invalidArchive("\(text): sockets and unknown kinds of files can't be in an image")
        }
    }

    /// The names of a path; leading slashes count for nothing, `..` is refused.
    private static func components(_ path: String) throws(ImageError) -> [Substring] {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard !parts.contains("..") else { throw .invalidArchive("\(path): a path with .. in it") }
        return parts
    }

    private static func identifier(_ number: Int64, _ path: String) throws(ImageError) -> UInt32 {
        guard let number = UInt32(exactly: number), number != .max else {
            throw .invalidArchive("\(path): user or group \(number) is out of range")
        }
        return number
    }

    /// A name as it is; one that is no UTF-8 is none, because repairing it would unpack another name.
    private static func string(_ text: UnsafePointer<CChar>?) -> String? {
        text.flatMap { String(validatingCString: $0) }
    }

    private static func attributes(_ entry: OpaquePointer) -> [(name: String, value: [UInt8])] {
        var attributes: [(name: String, value: [UInt8])] = []
        guard archive_entry_xattr_reset(entry) > 0 else { return [] }
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK {
            guard let name else { continue }
            let bytes = value.map { Array(UnsafeRawBufferPointer(start: $0, count: size)) } ?? []
            attributes.append((String(cString: name), bytes))
        }
        return attributes
    }
}
