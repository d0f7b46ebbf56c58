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

    /// Makes it under a temporary name, so that a block image that is there is whole.
    static func make(from lower: [String], at path: String) throws(ImageError) {
        guard Files.exists(program) else {
            throw .failed("\(program) is missing, which makes the disks of machines: apt-get install erofs-utils")
        }
        let temporary = "\(path).new"
        let log = "\(path).log"
        defer {
            // only there after a failure
            try? Files.remove(temporary)
            try? Files.remove(log)
        }
        do {
            let tree = try view(of: lower)
            let output = try Descriptor.open(log, [.writeOnly, .create, .truncate], mode: 0o600)
            let process = try ProcessDescriptor(
                process: Spawn.process(
                    path: program, arguments: ["-T0", "--quiet", temporary, "/proc/self/fd/3"],
                    environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                    descriptors: [(1, output.rawValue), (2, output.rawValue), (3, tree.rawValue)]))
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

    /// The layers as one tree: of several, an overlay that is attached nowhere, so that no crash leaves it mounted.
    private static func view(of lower: [String]) throws(SystemError) -> Descriptor {
        if lower.count == 1 { return try Descriptor.open(lower[0], .directory) }
        // fsconfig takes at most 255 bytes at once; kernels from 6.8 on take one layer after the other.
        let joined = lower.joined(separator: ":")
        let options: [(String, String?)] =
            joined.utf8.count <= 255 ? [("lowerdir", joined)] : lower.map { ("lowerdir+", $0) }
        let mount = try Mount.make("overlay", source: "overlay", options: options, .readOnly)
        return try mount.open(at: ".", .directory)
    }
}
