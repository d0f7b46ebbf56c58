import Linux
import TestKit
import Testing

@testable import Images

/// Layers that try to get out of their directory, or to bring the daemon down.
@Suite(.blocking) struct HostileLayerTests {
    /// One attack; `refused` where the archive as a whole must be, otherwise it unpacks to something harmless.
    struct Attack: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var refused: Bool
        var layer: Tar

        init(_ name: String, refused: Bool, _ make: (inout Tar) -> Void) {
            testDescription = name
            self.refused = refused
            layer = Tar()
            make(&layer)
        }
    }

    static let attacks: [Attack] = [
        Attack("absolute path", refused: false) { $0.add("/outside/absolute", text: "x") },
        Attack("path with ..", refused: true) { $0.add("../../../../outside/dots", text: "x") },
        Attack(".. in the middle", refused: true) { $0.add("a/../../../../outside/dots", text: "x") },
        Attack("file through a link to nothing", refused: true) {
            $0.add("door", .link, target: "/outside")
            $0.add("door/through", text: "x")
        },
        Attack("file through a link with ..", refused: false) {
            $0.add("outside", .directory, mode: 0o755)
            $0.add("door", .link, target: "../../../../outside")
            $0.add("door/through", text: "x")
        },
        Attack("directory over a link", refused: false) {
            $0.add("door", .link, target: "../../../outside")
            $0.add("door", .directory, mode: 0o777)
            $0.add("door/in", text: "x")
        },
        Attack("file over a link to a file", refused: false) {
            $0.add("secret", .link, target: "../../../outside/secret")
            $0.add("secret", .file, Array("overwritten".utf8), mode: 0o777)
        },
        Attack("hard link to .. and a write through it", refused: true) {
            $0.add("hard", .hardLink, target: "../../../../outside/secret")
            $0.add("hard", text: "overwritten")
        },
        Attack("hard link through a link", refused: true) {
            $0.add("door", .link, target: "../../../../outside")
            $0.add("hard", .hardLink, target: "door/secret")
        },
        Attack("hard link to a link", refused: false) {
            $0.add("door", .link, target: "../../../outside/secret")
            $0.add("hard", .hardLink, target: "door")
        },
        Attack("hard link to nothing", refused: true) { $0.add("hard", .hardLink, target: "absent") },
        Attack("hard link to a directory", refused: true) {
            $0.add("d", .directory, mode: 0o755)
            $0.add("hard", .hardLink, target: "d")
        },
        Attack("whiteout of ..", refused: true) { $0.add(".wh...", text: "") },
        Attack("whiteout of nothing", refused: true) { $0.add(".wh.", text: "") },
        Attack("whiteout through a link", refused: false) {
            $0.add("outside", .directory, mode: 0o755)
            $0.add("door", .link, target: "../../../../outside")
            $0.add("door/.wh.secret", text: "")
        },
        Attack("opaque mark through a link", refused: true) {
            $0.add("door", .link, target: "../../../../outside/secret")
            $0.add("door/.wh..wh..opq", text: "")
        },
        Attack("overlayfs's own device", refused: true) { $0.add("x", .characterDevice, device: (0, 0)) },
        Attack("file in place of the root", refused: true) { $0.add(".", text: "") },
        Attack("user beyond 32 bits", refused: true) {
            $0.add("x", pax: [("uid", Array("4294967296".utf8))])
        },
        Attack("negative user", refused: true) { $0.add("x", pax: [("uid", Array("-1".utf8))]) },
        Attack("a name that is no UTF-8", refused: true) { $0.add("x", pax: [("path", [0x66, 0xFF, 0x66])]) },
        Attack("a size that is not there", refused: true) { $0.add("x", .file, [1, 2, 3], size: 1 << 30) },
        Attack("holes beyond all measure", refused: true) {
            $0.add(
                "x", .file, Array("1\n9223372036854775800\n512\n".utf8) + [UInt8](repeating: 0, count: 1024),
                pax: [
                    ("GNU.sparse.major", Array("1".utf8)), ("GNU.sparse.minor", Array("0".utf8)),
                    ("GNU.sparse.name", Array("x".utf8)), ("GNU.sparse.realsize", Array("9223372036854775807".utf8)),
                ])
        },
        Attack("a file where a directory is needed", refused: true) {
            $0.add("x", text: "")
            $0.add("x/y", text: "")
        },
        Attack("a device where a directory is needed", refused: true) {
            $0.add("x", .characterDevice, device: (1, 3))
            $0.add("x/y", text: "")
        },
        Attack("a ring of links", refused: true) {
            $0.add("a", .link, target: "b")
            $0.add("b", .link, target: "a")
            $0.add("a/x", text: "")
        },
        Attack("a path longer than the kernel takes", refused: true) {
            $0.add(String(repeating: "d/", count: 3000) + "x", text: "")
        },
        Attack("a name longer than the file system takes", refused: true) {
            $0.add(String(repeating: "n", count: 300), text: "")
        },
    ]

    @Test(arguments: attacks)
    func nothingIsMadeOutside(attack: Attack) async throws {
        let test = try TestStore()
        if attack.refused {
            await #expect(throws: ImageError.self) { _ = try await test.unpack(attack.layer) }
            #expect(try test.content() == [])
        } else {
            _ = try await test.unpack(attack.layer)
        }
        try test.checkOutside()
        _ = try test.reopened()
    }

    @Test func directoriesNestedDeeperThanAPathCanBeAreRemoved() async throws {
        let test = try TestStore()
        var layer = Tar()
        let steps = Array(repeating: "d", count: 1500).joined(separator: "/")
        var below = ""
        for hop in 0..<3 {
            let start = hop == 0 ? "" : "l\(hop - 1)/"
            layer.add(start + steps + "/.keep", text: "")
            below = start + steps
            layer.add("l\(hop)", .link, target: "/" + below)
        }
        _ = try await test.unpack(layer)
        _ = try await test.store.remove("test", force: false) { _ in nil }
        #expect(try test.content() == [])
    }

    @Test func devicesAreMadeAndNeverOpened() async throws {
        let test = try TestStore()
        var layer = Tar()
        layer.add("watchdog", .characterDevice, mode: 0o600, device: (10, 130))
        layer.add("watchdog2", .hardLink, target: "watchdog")
        layer.add("pipe", .pipe)
        layer.add("pipe", text: "no longer a pipe")
        let directory = try await test.unpack(layer)
        #expect(FileStatus("\(directory)/watchdog")?.kind == .characterDevice)
        #expect(try Files.readText("\(directory)/pipe") == "no longer a pipe")
    }
}
