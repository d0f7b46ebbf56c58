import Glibc
import Linux
public import OCI

extension ImageStore {
    /// The path of an EROFS image of all of an image's layers; made the first time, once however many ask.
    public func blockImage(of id: Digest) async throws(ImageError) -> String {
        guard let configuration = configurations[id] else { throw .notFound("\(id)") }
        let chain = ImageStore.chainID(configuration.diffIDs)
        let path = paths.blockImage(chain)
        if Files.exists(path) { return path }
        let lower = try layerDirectories(of: id)
        let making =
            blockImagesBeingMade[chain]
            ?? Task {
                try await Offload.run { () throws(ImageError) in try BlockImage.make(from: lower, at: path) }
                return path
            }
        blockImagesBeingMade[chain] = making
        defer { blockImagesBeingMade[chain] = nil }
        do { return try await making.value } catch let error as ImageError { throw error } catch {
            throw .failed("make the block image: \(error)")
        }
    }
}

/// A read-only file system of all layers in one file, which guests mount as their root's lower layer.
enum BlockImage {
    private static let program = "/usr/bin/mkfs.erofs"

    /// Puts the layers together by an overlay that only this process's own mount namespace has, so that no crash leaves
    /// it mounted. mkfs.erofs asks for a real path, which a mount that is attached nowhere doesn't have. Layers are named
    /// relative to their folder, because mount's options must fit one page.
    private static let script = """
        cd "$1"; view=$2; file=$3; shift 3
        if [ $# = 1 ]; then mount --bind "$1" "$view"
        else layers=$(IFS=:; echo "$*"); mount -t overlay overlay -o "ro,lowerdir=$layers" "$view"; fi
        exec mkfs.erofs -T0 --quiet "$file" "$view"
        """

    /// Makes it under a temporary name, so that a block image that is there is whole.
    static func make(from lower: [String], at path: String) throws(ImageError) {
        guard Files.exists(program) else {
            throw .failed("\(program) is missing, which makes the disks of machines: apt-get install erofs-utils")
        }
        let temporary = "\(path).new"
        let log = "\(path).log"
        let view = "\(path).view"
        defer {
            // not all are there, or still there
            try? Files.remove(temporary)
            try? Files.remove(log)
            try? Files.removeDirectory(view)
        }
        do {
            let output = try Descriptor.open(log, [.writeOnly, .create, .truncate], mode: 0o600)
            try Files.makeDirectories(view, mode: 0o700)
            let process = try ProcessDescriptor(
                process: Spawn.process(
                    path: "/usr/bin/unshare",
                    arguments: ["--mount", "--propagation", "private", "/bin/sh", "-euc", script, "sh"]
                        + [Files.parent(of: lower.first ?? path), view, temporary]
                        + lower.compactMap { $0.split(separator: "/").last.map(String.init) },
                    environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                    descriptors: [(1, output.rawValue), (2, output.rawValue)]))
            guard try process.waitForEnd() == .exited(code: 0) else {
                throw ImageError.failed("mkfs.erofs: \(try Files.readText(log))")
            }
            let file = try Descriptor.open(temporary)
            try file.synchronize()
            // the hypervisor's own user reads it
            guard chmod(temporary, 0o644) == 0 else { throw SystemError.last("change the permissions", temporary) }
            try Files.rename(temporary, to: path)
        } catch let error as ImageError { throw error } catch let error as SystemError {
            throw ImageError("make the block image", error)
        } catch { throw .failed("make the block image: \(error)") }
    }
}
