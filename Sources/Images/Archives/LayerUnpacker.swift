import Glibc
import Linux
import OCI

/// Unpacks a layer's archive into a directory, as overlayfs wants a lower directory to look
/// (image-spec layer.md; overlayfs.rst, "whiteouts and opaque directories").
///
/// The archive is hostile until proven otherwise: parents are looked up with openat2(RESOLVE_IN_ROOT), the last name is
/// made, never followed, and what overlayfs gives a meaning of its own is never taken from an archive.
struct LayerUnpacker: ~Copyable {
    private let root: RootDirectory
    private var directoryTimes: [(path: String, modified: (seconds: Int64, nanoseconds: Int64))] = []
    private var openParent: (path: String, descriptor: Int32)?

    init(directory: String) throws(SystemError) { root = try RootDirectory(directory) }

    deinit { if let openParent { close(openParent.descriptor) } }

    /// Unpacks the file at `path`, compressed or not.
    ///
    /// - Returns: the digest of the uncompressed archive, and the bytes of the files in it.
    static func unpack(_ path: String, into directory: String) throws(ImageError) -> (diffID: Digest, size: Int64) {
        let source = try DecompressedFile(path: path)
        let reader = try ArchiveReader(reading: source, name: path)
        var size: Int64 = 0
        do {
            var unpacker = try LayerUnpacker(directory: directory)
            while let entry = try reader.next() {
                do { try unpacker.add(entry, from: reader) } catch let error as SystemError {
                    throw ImageError("unpack \(entry.path)", error)
                }
                guard case .file(let bytes) = entry.kind else { continue }
                let (sum, overflow) = size.addingReportingOverflow(bytes)
                guard !overflow else { throw ImageError.invalidArchive("\(entry.path): sizes beyond all measure") }
                size = sum
            }
            try unpacker.finish()
        } catch let error as ImageError {
            throw error
        } catch let error as SystemError {
            throw ImageError("unpack \(path)", error)
        } catch {
            throw .failed("unpack \(path): \(error)")
        }
        return (try source.finish(), size)
    }

    private mutating func add(_ entry: ArchiveEntry, from reader: ArchiveReader) throws {
        if entry.name.isEmpty {
            guard case .directory = entry.kind else { throw ImageError.invalidArchive("a file in place of the root") }
            try setMetadata(of: root.descriptor, entry)
            directoryTimes.append((".", entry.modified))
            return
        }
        let parent = try self.parent(of: entry)
        if entry.name == ".wh..wh..opq" {
            try Files.setAttribute("trusted.overlay.opaque", to: Array("y".utf8), onDescriptor: parent)
            return
        }
        // other marks of aufs: nothing that a layer's reader must keep
        if entry.name.hasPrefix(".wh..wh.") { return }
        if entry.name.hasPrefix(".wh.") { return try hide(String(entry.name.dropFirst(4)), entry, in: parent) }
        try make(entry, in: parent, reader)
    }

    /// A whiteout hides what lower layers have of a name, never what its own layer has, before or behind it.
    private func hide(_ name: String, _ entry: ArchiveEntry, in parent: Int32) throws {
        guard !name.isEmpty, name != ".", name != ".." else {
            throw ImageError.invalidArchive("\(entry.path): hides nothing that can be named")
        }
        switch FileTree.presence(of: name, in: parent) {
        case .nothing: try FileTree.makeNode(in: parent, name: name, mode: S_IFCHR, major: 0, minor: 0)
        case .directory: try setOpaque(FileTree.makeDirectory(in: parent, name: name))
        case .whiteout, .other: return
        }
    }

    private func setOpaque(_ directory: borrowing Descriptor) throws {
        try Files.setAttribute("trusted.overlay.opaque", to: Array("y".utf8), on: directory)
    }

    private mutating func make(_ entry: ArchiveEntry, in parent: Int32, _ reader: ArchiveReader) throws {
        let isDirectory = if case .directory = entry.kind { true } else { false }
        let before = FileTree.presence(of: entry.name, in: parent)
        if before != .nothing, !isDirectory || before != .directory {
            try Files.removeTree(entry.name, in: parent)
        }
        switch entry.kind {
        case .file(let size):
            let file = try FileTree.makeFile(in: parent, name: entry.name)
            try reader.copyContent(to: file, size: size)
            try setMetadata(of: file, entry)
            try FileTree.setTimes(of: file, entry.modified)
        case .directory:
            let directory = try FileTree.makeDirectory(in: parent, name: entry.name)
            try setMetadata(of: directory, entry)
            if before == .whiteout { try setOpaque(directory) }
            directoryTimes.append((entry.path, entry.modified))
        case .symbolicLink(let target):
            try FileTree.makeLink(in: parent, name: entry.name, to: target)
            try FileTree.setOwner(in: parent, name: entry.name, user: entry.user, group: entry.group)
            try FileTree.setTimes(in: parent, name: entry.name, entry.modified)
        case .hardLink(let target):
            let slash = target.lastIndex(of: "/")
            let folder = try root.open(
                slash.map { String(target[..<$0]) } ?? ".", [.path, .directory])
            let name = slash.map { String(target[target.index(after: $0)...]) } ?? target
            try FileTree.makeHardLink(from: folder.rawValue, name: name, to: parent, name: entry.name)
        case .device(let kind, let major, let minor):
            guard kind != .characterDevice || major != 0 || minor != 0 else {
                throw ImageError.invalidArchive("\(entry.path): the device 0:0 is overlayfs's own mark")
            }
            try FileTree.makeNode(
                in: parent, name: entry.name, mode: kind == .characterDevice ? S_IFCHR : S_IFBLK, major: major,
                minor: minor)
            try setNodeMetadata(entry, in: parent)
        case .pipe:
            try FileTree.makeNode(in: parent, name: entry.name, mode: S_IFIFO, major: 0, minor: 0)
            try setNodeMetadata(entry, in: parent)
        }
    }

    /// Times of directories come last, because making things in them changes them.
    private mutating func finish() throws {
        for (path, modified) in directoryTimes.reversed() {
            // a later entry may have put something else in the directory's place
            guard let directory = try root.find(path) else { continue }
            try FileTree.setTimes(of: directory, modified)
        }
    }

    /// A handle on the directory an entry lies in; the last one is kept, because neighbours follow each other.
    private mutating func parent(of entry: ArchiveEntry) throws(SystemError) -> Int32 {
        if let openParent, openParent.path == entry.parent { return openParent.descriptor }
        // Unlike a mount's place, a layer's entry makes nothing at the end of a link that leads to nothing.
        let directory = try root.makeDirectories(entry.parent.isEmpty ? "." : entry.parent, linksLeft: 0).release()
        if let openParent { close(openParent.descriptor) }
        openParent = (entry.parent, directory)
        return directory
    }

    private func setMetadata(of file: borrowing Descriptor, _ entry: ArchiveEntry) throws(SystemError) {
        try FileTree.setOwner(of: file, user: entry.user, group: entry.group)
        // after the owner, because that clears the set-user-ID bit
        try FileTree.setPermissions(of: file, entry.permissions)
        for (name, value) in entry.attributes where !name.hasPrefix("trusted.overlay.") {
            // as dockerd: an attribute that this file system doesn't know is no reason to refuse the image
            do { try Files.setAttribute(name, to: value, on: file) } catch  where error.code == ENOTSUP {}
        }
    }

    private func setNodeMetadata(_ entry: ArchiveEntry, in parent: Int32) throws(SystemError) {
        try FileTree.setOwner(in: parent, name: entry.name, user: entry.user, group: entry.group)
        try FileTree.setPermissions(in: parent, name: entry.name, entry.permissions)
        try FileTree.setTimes(in: parent, name: entry.name, entry.modified)
    }
}
