import OCI

@testable import Images

/// An image for the tests: layers as they go into an archive, and what the configuration says of them.
struct TestImage {
    /// The layers' files, compressed or not.
    var layers: [[UInt8]]
    var diffIDs: [Digest]
    var names: [String] = ["test:latest"]
    var process: JSON = ["Cmd": ["sh"]]

    /// Of plain layers.
    init(_ first: Tar, _ more: Tar...) {
        layers = ([first] + more).map(\.finished)
        diffIDs = layers.map { SHA256.digest(of: $0) }
    }

    /// Of one layer with one file.
    init(file: String = "hello", text: String = "hello", names: [String] = ["test:latest"]) {
        var layer = Tar()
        layer.add(file, text: text)
        self.init(layer)
        self.names = names
    }

    var configuration: [UInt8] {
        JSON.object([
            "architecture": "amd64", "os": "linux", "created": "2024-05-06T07:08:09Z", "config": process,
            "rootfs": ["type": "layers", "diff_ids": JSON(diffIDs.map(\.description))],
        ]).encoded
    }

    var id: Digest { SHA256.digest(of: configuration) }

    /// The archive as `docker save` wrote it before Engine 25.
    var dockerArchive: [UInt8] {
        var tar = Tar()
        let paths = layers.indices.map { "\($0)/layer.tar" }
        for (path, layer) in zip(paths, layers) { tar.add(path, .file, layer) }
        tar.add("\(id.hexadecimal).json", .file, configuration)
        let manifest: JSON = [
            ["Config": .string("\(id.hexadecimal).json"), "RepoTags": JSON(names), "Layers": JSON(paths)]
        ]
        tar.add("manifest.json", .file, manifest.encoded)
        return tar.finished
    }

    /// The archive as an OCI layout; with `hybrid` also as `docker save` writes it now.
    func layout(hybrid: Bool = false, nested: Bool = false) -> [UInt8] {
        var tar = Tar()
        func blob(_ bytes: [UInt8]) -> JSON {
            let digest = SHA256.digest(of: bytes)
            tar.add("blobs/sha256/\(digest.hexadecimal)", .file, bytes)
            return ["digest": .string("\(digest)"), "size": JSON(bytes.count)]
        }
        let layers = layers.map(blob)
        let manifest: JSON = ["schemaVersion": 2, "config": blob(configuration), "layers": .array(layers)]
        var descriptor = blob(manifest.encoded)
        if nested {
            let other = blob(Array("{\"schemaVersion\":2,\"broken\":true}".utf8))
            let index: JSON = ["manifests": [named(other, platform: "arm64"), named(descriptor, platform: "amd64")]]
            descriptor = blob(index.encoded)
        }
        let index: JSON = ["schemaVersion": 2, "manifests": [named(descriptor, name: names.first)]]
        tar.add("oci-layout", text: "{\"imageLayoutVersion\":\"1.0.0\"}")
        tar.add("index.json", .file, index.encoded)
        if hybrid {
            let paths = self.layers.map { Ingest.blob(SHA256.digest(of: $0)) }
            let docker: JSON = [["Config": .string(Ingest.blob(id)), "RepoTags": JSON(names), "Layers": JSON(paths)]]
            tar.add("manifest.json", .file, docker.encoded)
        }
        return tar.finished
    }

    private func named(_ descriptor: JSON, name: String? = nil, platform: String? = nil) -> JSON {
        guard case .object(var members) = descriptor else { return descriptor }
        if let name { members["annotations"] = ["io.containerd.image.name": .string(name)] }
        if let platform { members["platform"] = ["os": "linux", "architecture": .string(platform)] }
        return .object(members)
    }
}
