import Linux
import OCI
import TestKit
import Testing

@testable import Images

@Suite(.blocking) struct LoadingTests {
    @Test func anArchiveOfDockerSaveIsLoaded() async throws {
        let test = try TestStore()
        let image = TestImage(names: ["test:latest", "quay.io/team/app:1.2"])
        let loaded = try await test.load(image.dockerArchive)
        #expect(loaded == [LoadedImage(id: image.id, references: ["test:latest", "quay.io/team/app:1.2"])])
        let record = try await test.store.image(named: "test")
        #expect(record.id == image.id)
        #expect(record.configuration.process.command == ["sh"])
        #expect(record.size == 5)
        #expect(record.references == ["quay.io/team/app:1.2", "test:latest"])
        let directory = try #require(try await test.store.layerDirectories(of: image.id).first)
        #expect(try Files.readText("\(directory)/hello") == "hello")
        #expect(try await test.store.configurationText(of: image.id) == image.configuration)
    }

    @Test(arguments: [(false, false), (false, true), (true, false)])
    func aLayoutIsLoaded(hybrid: Bool, nested: Bool) async throws {
        let test = try TestStore()
        let image = TestImage()
        let loaded = try await test.load(image.layout(hybrid: hybrid, nested: nested))
        #expect(loaded == [LoadedImage(id: image.id, references: ["test:latest"])])
    }

    @Test(arguments: ["gzip", "bzip2", "xz", "zstd"])
    func archivesAndLayersMayBeCompressed(program: String) async throws {
        guard HostProgram.path(program) != nil else { return print("skipped: no \(program) here") }
        let test = try TestStore()
        var image = TestImage()
        let plain = image.id
        image.layers = try image.layers.map { try HostProgram.run([program, "-c"], input: $0) }
        let outer = try HostProgram.run([program, "-c"], input: image.layout())
        let loaded = try await test.load(outer)
        #expect(loaded.map(\.id) == [plain])
        let layer = try #require(try await test.store.image(named: "test").layers.first)
        #expect(layer.diffID == image.diffIDs.first)
        #expect(layer.blob == SHA256.digest(of: image.layers[0]))
    }

    @Test func layersAreSharedAndGoWithTheLastImage() async throws {
        let test = try TestStore()
        var base = Tar()
        base.add("base", text: "base")
        var top = Tar()
        top.add("top", text: "top")
        let one = TestImage(base)
        var two = TestImage(base, top)
        two.names = ["two:latest"]
        try await test.load(one.dockerArchive)
        try await test.load(two.dockerArchive)
        let layers = try await test.store.layerDirectories(of: two.id)
        #expect(layers.count == 2)
        #expect(try await test.store.layerDirectories(of: one.id) == [layers[1]])
        #expect(try Files.entries(of: "\(test.root)/layers").count == 2)
        let removed = try await test.store.remove("test", force: false) { _ in nil }
        #expect(removed == [.untagged("test:latest"), .deleted(one.id)])
        #expect(Files.exists("\(layers[1])/base"))
        _ = try await test.store.remove("two", force: false) { _ in nil }
        #expect(try test.content() == [])
    }

    @Test func whatHasBeenLoadedIsThereAfterARestart() async throws {
        let test = try TestStore()
        let image = TestImage()
        try await test.load(image.dockerArchive)
        let before = try await test.store.image(named: "test")
        let content = try test.content()
        // what a crash would leave
        try Files.makeDirectories("\(test.root)/content/ingest/1/deep")
        try Files.makeDirectories("\(test.root)/layers/77/etc")
        try Files.write("\(test.root)/content/blobs/sha256/\(Digest.zero.hexadecimal)", [1])
        try Files.write("\(test.root)/images/\(Digest.zero.hexadecimal).erofs", [1])
        let again = try test.reopened()
        #expect(try await again.image(named: "test") == before)
        #expect(try test.content() == content)
    }

    @Test func aLaterImageTakesTheNameAway() async throws {
        let test = try TestStore()
        let old = TestImage(text: "old")
        let new = TestImage(text: "new")
        try await test.load(old.dockerArchive)
        try await test.load(new.dockerArchive)
        #expect(try await test.store.image(named: "test").id == new.id)
        #expect(try await test.store.image(named: "\(old.id)").references == [])
    }

    @Test func aDamagedArchiveLeavesNothing() async throws {
        let test = try TestStore()
        var wrongLayer = TestImage(TestImage.layer("a"), TestImage.layer("b"))
        wrongLayer.diffIDs[1] = .zero
        var unknownLayer = TestImage()
        unknownLayer.diffIDs.append(.zero)
        let whole = TestImage().layout()
        var otherBlob = whole
        let place = try #require(otherBlob.firstRange(of: Array("hello".utf8) + [UInt8](repeating: 0, count: 100)))
        // after the name comes the content, a block later
        otherBlob[place.lowerBound + 512] = UInt8(ascii: "j")
        let damaged: [(String, [UInt8])] = [
            ("a layer's digest", wrongLayer.dockerArchive),
            ("one layer too few", unknownLayer.dockerArchive),
            ("a blob that is another", otherBlob),
            ("cut off", Array(whole.prefix(whole.count / 2))),
            ("cut off in a header", Array(whole.prefix(700))),
            ("noise", (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }),
            ("nothing", []),
            ("zeros", [UInt8](repeating: 0, count: 10_240)),
        ]
        for (what, archive) in damaged {
            await #expect(throws: ImageError.self, "\(what)") { try await test.load(archive) }
            #expect(await test.store.list().isEmpty, "\(what)")
            #expect(try test.content() == [], "\(what)")
        }
        try test.checkOutside()
    }

    @Test func everySingleDamagedByteIsRefusedOrHarmless() async throws {
        let test = try TestStore()
        let whole = TestImage().layout(hybrid: true)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<150 {
            var archive = whole
            for _ in 0..<3 {
                archive[Int.random(in: 0..<archive.count, using: &generator)] ^= UInt8.random(in: 1...255)
            }
            // either is right: a time stamp or a name in an outer header may change without harm
            _ = try? await test.load(archive)
        }
        try test.checkOutside()
        _ = try test.reopened()
    }

    @Test func anImageOfAnotherMachineIsRefused() async throws {
        let test = try TestStore()
        var tar = Tar()
        let configuration =
            "{\"architecture\":\"s390x\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}"
        tar.add("c.json", text: configuration)
        tar.add("manifest.json", text: "[{\"Config\":\"c.json\",\"RepoTags\":null,\"Layers\":[]}]")
        await #expect(throws: ImageError.self) { try await test.load(tar.finished) }
    }

    @Test func linksWithinTheArchiveAreFollowedThereAndNowhereElse() async throws {
        let test = try TestStore()
        let image = TestImage()
        var tar = Tar()
        tar.add("one/layer.tar", .file, image.layers[0])
        tar.add("two/layer.tar", .link, target: "../one/layer.tar")
        tar.add("ring", .link, target: "ring")
        tar.add("passwd", .link, target: "/etc/passwd")
        tar.add("c.json", .file, image.configuration)
        func manifest(_ layer: String) -> [UInt8] {
            var archive = tar
            archive.add("manifest.json", text: "[{\"Config\":\"c.json\",\"RepoTags\":[],\"Layers\":[\"\(layer)\"]}]")
            return archive.finished
        }
        #expect(try await test.load(manifest("two/layer.tar")).map(\.id) == [image.id])
        for name in ["ring", "passwd", "../outside/secret", "/etc/passwd", "missing"] {
            await #expect(throws: ImageError.self, "\(name)") { try await test.load(manifest(name)) }
        }
    }
}

extension TestImage {
    /// A layer of one file that says its own name.
    static func layer(_ name: String) -> Tar {
        var tar = Tar()
        tar.add(name, text: name)
        return tar
    }
}
