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
        let view = "\(paths.ingest)/view-\(chain.hexadecimal)"
        let making =
            blockImagesBeingMade[chain]
            ?? Task {
                try await Offload.runOnOwnThread { () throws(ImageError) in
                    try BlockImage.make(from: lower, at: path, view: view)
                }
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
    /// The files keep their own times.
    private static let options = ["--preserve-mtime", "--quiet"]

    /// Makes it under a temporary name, so that a block image that is there is whole.
    ///
    /// - Parameter view: a directory to be made, at which several layers are shown as one. The thread must be the call's
    ///   own: it gets mounts and a present directory of its own.
    static func make(from lower: [String], at path: String, view: String) throws(ImageError) {
        guard Files.exists(program) else {
            throw .failed("\(program) is missing, which makes the disks of machines: apt-get install erofs-utils")
        }
        let temporary = "\(path).new"
        let log = "\(path).log"
        defer {
            // only there after a failure
            try? Files.remove(temporary)
            try? Files.remove(log)
            // the thread's end and the next start would do these
            try? Mount.unmount(view, detach: true)
            try? Files.removeDirectory(view)
        }
        do {
            try Files.makeDirectories(view, mode: 0o700)
            if lower.count > 1 { try attach(lower, at: view) }
            let tree = lower.count == 1 ? lower[0] : view
            let output = try Descriptor.open(log, [.writeOnly, .create, .truncate], mode: 0o600)
            let process = try ProcessDescriptor(
                process: Spawn.process(
                    path: program, arguments: BlockImage.options + [temporary, tree],
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

    /// Shows several layers as one tree, to this thread and what it starts only: the mount is gone with them, however
    /// they end. (A mount that is attached nowhere is no help: mkfs.erofs resolves its path, which is `/`.)
    private static func attach(_ lower: [String], at view: String) throws(SystemError) {
        try Namespaces.unshare(.mount)
        try Mount.setPropagation(.private, at: "/", recursive: true)
        // mount(2) takes a page of options at most: the paths begin at the folder of the layers, and so are short
        guard chdir(Files.parent(of: lower[0])) == 0 else { throw .last("enter", Files.parent(of: lower[0])) }
        let names = lower.map { $0.dropFirst(Files.parent(of: $0).utf8.count + 1) }
        try Mount.mount(
            "overlay", at: view, type: "overlay", .readOnly, data: "lowerdir=\(names.joined(separator: ":"))")
    }
}
