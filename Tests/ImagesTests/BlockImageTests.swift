import Glibc
import Linux
import TestKit
import Testing

@testable import Images

/// The file system that guests mount; looked at through a loop device of this host.
@Suite(.blocking, .enabled(if: HostProgram.path("mkfs.erofs") != nil, "erofs-utils is not installed"))
struct BlockImageTests {
    private func mounted(_ path: String, in folder: String, _ body: (String) throws -> Void) throws {
        let target = "\(folder)/mounted"
        try Files.makeDirectory(target)
        _ = try HostProgram.run(["mount", "-t", "erofs", "-o", "ro,loop", path, target])
        defer {
            umount2(target, 0)
            rmdir(target)
        }
        try body(target)
    }

    @Test(arguments: [1, 2, 25])
    func itShowsWhatAllLayersTogetherShow(layers: Int) async throws {
        let test = try TestStore()
        var base = Tar()
        base.add("hidden", text: "x")
        base.add("folder/lower", text: "x")
        base.add("kept", .file, [1], mode: 0o640, user: 1000, group: 1001, modified: 1_234_567_890)
        base.add("null", .characterDevice, mode: 0o666, device: (1, 3))
        var image = TestImage(base)
        for number in 1..<max(layers, 1) {
            var layer = Tar()
            layer.add("layer\(number)", text: "\(number)")
            if number == 1 {
                layer.add(".wh.hidden", text: "")
                layer.add("folder/.wh..wh..opq", text: "")
            }
            image.layers.append(layer.finished)
            image.diffIDs.append(SHA256.digest(of: layer.finished))
        }
        try await test.load(image.dockerArchive)
        let path = try await test.store.blockImage(of: image.id)
        try mounted(path, in: test.root) { root in
            var status = stat()
            #expect(stat("\(root)/kept", &status) == 0)
            #expect(status.st_uid == 1000 && status.st_gid == 1001 && status.st_mode & 0o7777 == 0o640)
            #expect(status.st_mtim.tv_sec == 1_234_567_890)
            #expect(FileStatus("\(root)/null")?.kind == .characterDevice)
            #expect(Files.exists("\(root)/hidden") == (layers == 1))
            #expect(Files.exists("\(root)/folder/lower") == (layers == 1))
            for number in 1..<max(layers, 1) {
                let text = try Files.readText("\(root)/layer\(number)")
                #expect(text == "\(number)")
            }
        }
        _ = try await test.store.remove("test", force: false) { _ in nil }
        #expect(try test.content() == [])
    }

    @Test func itIsMadeOnceHoweverManyAsk() async throws {
        let test = try TestStore()
        let image = TestImage()
        try await test.load(image.dockerArchive)
        let paths: Set<String> = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try await test.store.blockImage(of: image.id) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        let path = try #require(paths.first)
        #expect(paths.count == 1)
        var before = stat()
        #expect(stat(path, &before) == 0)
        _ = try await test.store.blockImage(of: image.id)
        var after = stat()
        #expect(stat(path, &after) == 0)
        #expect(before.st_ino == after.st_ino)
    }
}
