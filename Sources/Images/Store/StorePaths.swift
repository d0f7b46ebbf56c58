import Linux
import OCI

/// Where the store keeps what, below the daemon's root.
struct StorePaths: Sendable {
    let root: String

    var index: String { "\(root)/content/index.json" }
    var ingest: String { "\(root)/content/ingest" }
    var blobs: String { "\(root)/content/blobs/sha256" }
    var layers: String { "\(root)/layers" }
    var blockImages: String { "\(root)/images" }

    func blob(_ digest: Digest) -> String { "\(blobs)/\(digest.hexadecimal)" }
    func layer(_ number: Int) -> String { "\(layers)/\(number)" }
    func blockImage(_ chain: Digest) -> String { "\(blockImages)/\(chain.hexadecimal).erofs" }

    /// Makes the folders, and removes what work that was cut off has left in `ingest`.
    func prepare() throws(ImageError) {
        do {
            // users of the host must not reach a layer's set-user-ID programs and devices (CVE-2021-41103)
            for path in [ingest, blobs, layers] { try Files.makeDirectories(path, mode: 0o700) }
            try Files.makeDirectories(blockImages, mode: 0o711)
            for name in try Files.entries(of: ingest) { try Files.removeTree("\(ingest)/\(name)") }
        } catch { throw ImageError("prepare the image store", error) }
    }

    /// Removes blobs, layers and block images that the index does not name.
    func sweep(_ index: ImageIndex, chains: Set<Digest>) throws(ImageError) {
        let known = Set(index.images.keys.map(\.hexadecimal) + index.layers.values.map(\.blob.hexadecimal))
        let numbers = Set(index.layers.values.map { String($0.number) })
        let images = Set(chains.map { "\($0.hexadecimal).erofs" })
        do {
            for name in try Files.entries(of: blobs) where !known.contains(name) {
                try Files.remove("\(blobs)/\(name)")
            }
            for name in try Files.entries(of: layers) where Int(name) != nil && !numbers.contains(name) {
                try Files.removeTree("\(layers)/\(name)")
            }
            for name in try Files.entries(of: blockImages) where !images.contains(name) {
                try Files.remove("\(blockImages)/\(name)")
            }
        } catch { throw ImageError("sweep the image store", error) }
    }
}
