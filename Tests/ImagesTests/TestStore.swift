import Foundation

import Linux
import OCI
import Testing

@testable import Images

/// A store in a folder of its own, which goes away with the test; beside it `outside`, where nothing may ever appear.
final class TestStore: Sendable {
    let folder: String
    let store: ImageStore

    var root: String { "\(folder)/root" }
    private var outside: String { "\(folder)/outside" }

    init() throws {
        folder = "/tmp/img-test-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        try Files.makeDirectories("\(folder)/outside")
        try Files.write("\(folder)/outside/secret", Array("secret".utf8))
        store = try ImageStore(root: "\(folder)/root")
    }

    deinit {
        do { try Files.removeTree(folder) } catch { Issue.record("remove \(folder): \(error)") }
    }

    /// A second store on the same folder, as after a restart.
    func reopened() throws -> ImageStore { try ImageStore(root: root) }

    /// Loads an archive.
    @discardableResult
    func load(_ archive: [UInt8]) async throws -> [LoadedImage] {
        let path = store.ingestPath("upload-\(UInt32.random(in: 0 ... .max))")
        try Files.write(path, archive)
        defer { try? Files.remove(path) }  // the store's sweep would have it
        return try await store.load(archive: path)
    }

    /// Loads an image of these layers and gives the directory of the topmost.
    func unpack(_ layers: Tar...) async throws -> String {
        var image = TestImage()
        image.layers = layers.map(\.finished)
        image.diffIDs = image.layers.map { SHA256.digest(of: $0) }
        let loaded = try #require(try await load(image.dockerArchive).first)
        return try #require(try await store.layerDirectories(of: loaded.id).first)
    }

    /// The files that belong to content: blobs, layers, block images, and what has been left in ingest.
    func content() throws -> [String] {
        try ["content/blobs/sha256", "content/ingest", "layers", "images"].flatMap { folder in
            try Files.entries(of: "\(root)/\(folder)").map { "\(folder)/\($0)" }
        }.sorted()
    }

    /// Fails if anything has been made or changed beside the store.
    func checkOutside() throws {
        #expect(try Files.entries(of: folder).sorted() == ["outside", "root"])
        #expect(try Files.entries(of: outside) == ["secret"])
        #expect(try Files.readText("\(outside)/secret") == "secret")
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(outside)/secret")
        #expect(attributes[.referenceCount] as? Int == 1)
        #expect(attributes[.posixPermissions] as? Int == 0o644)
    }
}

/// A program of the host, with input and output as bytes.
enum HostProgram {
    static func path(_ name: String) -> String? {
        ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].map { "\($0)/\(name)" }.first(where: Files.exists)
    }

    /// Runs it and gives its output.
    static func run(_ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: try #require(path(arguments[0])))
        process.arguments = Array(arguments.dropFirst())
        let file = "/tmp/img-input-\(UInt64.random(in: 0 ... .max))"
        try Files.write(file, input)
        defer { try? Files.remove(file) }  // a temporary file: the system's business
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: file))
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(arguments)")
        return Array(bytes)
    }
}
