import Foundation
import Glibc
import Linux
import TestKit
import Testing

@testable import Images

/// A layer's directory is what overlayfs wants of a lower directory, with everything that the archive said.
@Suite(.blocking) struct UnpackingTests {
    private func attributes(_ path: String) throws -> stat {
        var status = stat()
        try #require(lstat(path, &status) == 0, "\(path)")
        return status
    }

    private func attribute(_ name: String, of path: String) -> String? {
        // the C library's module map leaves sys/xattr.h out
        typealias Call =
            @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer, Int) -> Int
        guard let symbol = dlsym(nil, "lgetxattr") else { return nil }
        var value = [UInt8](repeating: 0, count: 256)
        let count = unsafeBitCast(symbol, to: Call.self)(path, name, &value, value.count)
        return count < 0 ? nil : String(decoding: value[..<count], as: UTF8.self)
    }

    private func isWhiteout(_ path: String) throws -> Bool {
        let status = try attributes(path)
        return status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0
    }

    @Test func whiteoutsHideWhatIsBelow() async throws {
        let test = try TestStore()
        var layer = Tar()
        layer.add("etc/.wh.motd", text: "")
        layer.add("var", .directory, mode: 0o755)
        layer.add("var/.wh..wh..opq", text: "")
        layer.add("var/new", text: "new")
        layer.add(".wh..wh.plnk", .directory)
        let directory = try await test.unpack(layer)
        #expect(try isWhiteout("\(directory)/etc/motd"))
        #expect(attribute("trusted.overlay.opaque", of: "\(directory)/var") == "y")
        #expect(try Files.readText("\(directory)/var/new") == "new")
        #expect(try Files.entries(of: directory).sorted() == ["etc", "var"])
        #expect(try Files.entries(of: "\(directory)/var") == ["new"])
    }

    @Test(arguments: [true, false])
    func aWhiteoutLeavesItsOwnLayerAlone(first: Bool) async throws {
        let test = try TestStore()
        var layer = Tar()
        if first { for name in ["file", "folder"] { layer.add(".wh.\(name)", text: "") } }
        layer.add("file", text: "new")
        layer.add("folder", .directory, mode: 0o755)
        layer.add("folder/in", text: "in")
        if !first { for name in ["file", "folder"] { layer.add(".wh.\(name)", text: "") } }
        let directory = try await test.unpack(layer)
        #expect(try Files.readText("\(directory)/file") == "new")
        #expect(try Files.readText("\(directory)/folder/in") == "in")
        #expect(attribute("trusted.overlay.opaque", of: "\(directory)/folder") == "y")
    }

    @Test func ownersPermissionsAndTimesAreKept() async throws {
        let test = try TestStore()
        var layer = Tar()
        layer.add("./", .directory, mode: 0o751, modified: 1_000_000_000)
        layer.add("home", .directory, mode: 0o1770, user: 1000, group: 1001, modified: 1_100_000_000)
        layer.add("home/su", .file, [1], mode: 0o4755, user: 7, group: 8, modified: 1_200_000_000)
        layer.add("home/link", .link, target: "su", user: 9, group: 10, modified: 1_300_000_000)
        layer.add("home/disk", .blockDevice, mode: 0o660, user: 11, group: 12, modified: 5, device: (259, 300))
        layer.add("home/new", .file, [], pax: [("mtime", Array("1.5".utf8)), ("uid", Array("3000000000".utf8))])
        let directory = try await test.unpack(layer)
        func check(_ path: String, _ mode: UInt32, _ user: UInt32, _ group: UInt32, _ time: Int) throws {
            let status = try attributes("\(directory)/\(path)")
            #expect(status.st_mode & 0o7777 == mode, "\(path)")
            #expect(status.st_uid == user && status.st_gid == group, "\(path)")
            #expect(status.st_mtim.tv_sec == time, "\(path)")
        }
        try check(".", 0o751, 0, 0, 1_000_000_000)
        try check("home", 0o1770, 1000, 1001, 1_100_000_000)
        try check("home/su", 0o4755, 7, 8, 1_200_000_000)
        try check("home/link", 0o777, 9, 10, 1_300_000_000)
        try check("home/disk", 0o660, 11, 12, 5)
        try check("home/new", 0o644, 3_000_000_000, 0, 1)
        #expect(try attributes("\(directory)/home/new").st_mtim.tv_nsec == 500_000_000)
        let device = try attributes("\(directory)/home/disk").st_rdev
        #expect((device >> 8) & 0xfff == 259 && (device & 0xff) | (device >> 12) & ~0xff == 300)
    }

    @Test func attributesAreKeptButOverlaysOwn() async throws {
        let test = try TestStore()
        let capability: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        var layer = Tar()
        layer.add(
            "ping", .file, [1], mode: 0o755, user: 5,
            pax: [
                ("SCHILY.xattr.security.capability", capability), ("SCHILY.xattr.trusted.mark", Array("m".utf8)),
                ("SCHILY.xattr.trusted.overlay.redirect", Array("/etc".utf8)),
                ("SCHILY.xattr.unknown.kind", Array("x".utf8)),
            ])
        let directory = try await test.unpack(layer)
        #expect(attribute("security.capability", of: "\(directory)/ping") != nil)
        #expect(attribute("trusted.mark", of: "\(directory)/ping") == "m")
        #expect(attribute("trusted.overlay.redirect", of: "\(directory)/ping") == nil)
    }

    @Test func namesOfAnyLanguageAndLengthAreKept() async throws {
        let test = try TestStore()
        let deep = (0..<30).map { "directory-number-\($0)" }.joined(separator: "/")
        let names = ["Főtanúsítvány.crt", "日本語", deep + "/file", String(repeating: "ü", count: 120)]
        var layer = Tar()
        for name in names { layer.add(name, .file, [1], pax: [("path", Array(name.utf8))]) }
        layer.add("plain-ü", text: "")
        let target = String(repeating: "long/", count: 40) + "ß"
        layer.add("link", .link, target: target)
        layer.add("hard", .hardLink, target: names[0], pax: [("linkpath", Array(names[0].utf8))])
        let directory = try await test.unpack(layer)
        for name in names + ["plain-ü"] { #expect(Files.exists("\(directory)/\(name)"), "\(name)") }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/link") == target)
        #expect(try attributes("\(directory)/hard").st_nlink == 2)
    }

    @Test func holesStayHoles() async throws {
        let test = try TestStore()
        var layer = Tar()
        let map = Array("1\n1048576\n512\n".utf8)
        layer.add(
            "GNUSparseFile.0/x", .file,
            map + [UInt8](repeating: 0, count: 512 - map.count) + [UInt8](repeating: 7, count: 512),
            pax: [
                ("GNU.sparse.major", Array("1".utf8)), ("GNU.sparse.minor", Array("0".utf8)),
                ("GNU.sparse.name", Array("sparse".utf8)), ("GNU.sparse.realsize", Array("4194304".utf8)),
            ])
        let directory = try await test.unpack(layer)
        let status = try attributes("\(directory)/sparse")
        #expect(status.st_size == 4_194_304)
        #expect(status.st_blocks < 64)
        let bytes = try Files.read("\(directory)/sparse")
        #expect(bytes[1_048_575] == 0 && bytes[1_048_576] == 7 && bytes[1_049_088] == 0)
    }

    @Test func aLaterEntryReplacesAnEarlierOne() async throws {
        let test = try TestStore()
        var layer = Tar()
        layer.add("a/b", text: "file")
        layer.add("a/b", .directory, mode: 0o755)
        layer.add("a/b/c", text: "deep")
        layer.add("a", .link, target: "elsewhere")
        layer.add("elsewhere/x", text: "x")
        layer.add("a/y", text: "through the link")
        let directory = try await test.unpack(layer)
        #expect(try Files.readText("\(directory)/elsewhere/y") == "through the link")
        #expect(try Files.entries(of: directory).sorted() == ["a", "elsewhere"])
    }

    @Test func usersOfTheHostCannotReachLayers() async throws {
        let test = try TestStore()
        for folder in ["layers", "content/blobs/sha256", "content/ingest"] {
            #expect(try attributes("\(test.root)/\(folder)").st_mode & 0o077 == 0, "\(folder)")
        }
    }
}
