import Glibc
import Linux
import OCI

/// The members of an archive of images, each regular file under a number of its own: no name of the archive ever
/// becomes a path of the host.
struct Ingest: Sendable {
    private let folder: String
    private var files: [String: String] = [:]
    private var links: [String: String] = [:]

    /// Takes an archive apart into `folder`, which is made.
    init(archive: String, folder: String) throws(ImageError) {
        self.folder = folder
        do { try Files.makeDirectory(folder, mode: 0o700) } catch { throw ImageError("load", error) }
        let reader = try ArchiveReader(path: archive)
        while let entry = try reader.next() {
            switch entry.kind {
            case .file(let size):
                let path = "\(folder)/\(files.count)"
                do {
                    let file = try Descriptor.open(path, [.writeOnly, .create, .exclusive], mode: 0o600)
                    try reader.copyContent(to: file, size: size)
                } catch let error as SystemError { throw ImageError("load", error) } catch let error as ImageError {
                    throw error
                } catch { throw .failed("load: \(error)") }
                files[entry.path] = path
            case .hardLink(let target): links[entry.path] = target
            // older archives point to a layer that is there already as ../ID/layer.tar
            case .symbolicLink(let target): links[entry.path] = Ingest.join(entry.parent, target)
            default: continue
            }
        }
    }

    /// Where a member lies; nil if there is none of that name.
    func path(_ name: String) -> String? {
        var name = Ingest.join("", name)
        // a chain of links is short, and a ring of them ends here
        for _ in 0..<8 {
            if let file = files[name] { return file }
            guard let target = links[name] else { return nil }
            name = target
        }
        return nil
    }

    /// A member as a JSON document, with that digest if one is given; nil if there is none of that name.
    func document(_ name: String, digest: Digest? = nil) throws(ImageError) -> JSONField? {
        guard let path = path(name) else { return nil }
        do {
            let text = try Files.read(path, limit: 4 << 20)
            try ArchiveMember(name: name, path: path, digest: digest).check(SHA256.digest(of: text))
            return JSONField(try JSON(parsing: text))
        } catch let error as ImageError { throw error } catch let error as JSONError {
            throw ImageError(name, error)
        } catch {
            throw .failed("load \(name): \(error)")
        }
    }

    /// The path of a blob of an OCI layout.
    static func blob(_ digest: Digest) -> String { blobs + digest.hexadecimal }

    /// The folder of an OCI layout's blobs.
    static let blobs = "blobs/sha256/"

    private static func join(_ parent: String, _ path: String) -> String {
        var parts: [Substring] = path.hasPrefix("/") ? [] : parent.split(separator: "/")
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { if !parts.isEmpty { parts.removeLast() } } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }
}
