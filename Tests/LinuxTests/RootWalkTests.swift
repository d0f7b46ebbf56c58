import Glibc
import TestKit
import Testing

@testable import Linux

/// The lookup in user space says of every path what the kernel's openat2 says.
@Suite("Paths in a root directory, without openat2")
struct RootWalkTests {
    /// What a lookup has led to: a file, or an error.
    private enum Outcome: Equatable {
        case file(device: UInt64, inode: UInt64)
        case failed(Int32)
        init(_ open: () throws(SystemError) -> Descriptor) {
            do throws(SystemError) {
                let opened = try open()
                let status = try FileStatus(of: opened.rawValue)
                extendLifetime(opened)
                self = .file(device: status.device, inode: status.inode)
            } catch { self = .failed(error.code) }
        }
    }

    private static let links = [
        "/dir/absolute": "/dir", "/dir/up": "../../../../dir/sub", "/dir/sub/here": ".", "/dir/sub/slash": "/",
        "/loop": "loop2", "/loop2": "dir/../loop", "/dangling": "dir/none", "/dir/toFile": "./file",
        "/dir/chain": "up/..",
        "/magic": "/proc/self/root", "/outside": "/etc/passwd", "/trailing": "dir/sub/", "/fileSlash": "dir/file/",
        "/dots": "dir/./sub/../../dir/..", "/long": "dir/absolute/absolute/absolute/absolute/sub/here/here/../..",
    ]

    private func withTree(_ body: (borrowing RootDirectory) throws -> Void) throws {
        try withTestResources { resources in
            let root = "\(resources.directory)/root"
            try Files.makeDirectories("\(root)/dir/sub/deep")
            try Files.write("\(root)/dir/file", [1])
            mkfifo("\(root)/dir/pipe", 0o600)
            for (path, target) in Self.links { #expect(symlink(target, root + path) == 0) }
            try body(try RootDirectory(root))
        }
    }

    @Test func everyPathLeadsWhereTheKernelSays() throws {
        let names = [
            "dir", "sub", "file", "deep", "pipe", "..", ".", "absolute", "up", "here", "slash", "loop", "dangling",
            "toFile",
            "chain", "magic", "outside", "trailing", "fileSlash", "dots", "long", "none", "",
        ]
        let flags: [OpenFlags] = [
            .path, [.path, .directory], [.path, .noFollow], [.readOnly, .nonblocking], [.readOnly, .directory],
            [.readOnly, .nonblocking, .noFollow], [.writeOnly, .nonblocking],
        ]
        try withTree { root throws in
            var state: UInt64 = 0x9E37_79B9_7F4A_7C15
            func next(_ limit: Int) -> Int {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return Int(state % UInt64(limit))
            }
            var found = 0
            for round in 0..<20_000 {
                var path = next(3) == 0 ? "/" : ""
                path += (0..<1 + next(6)).map { _ in names[next(names.count)] }.joined(separator: "/")
                let how = flags[next(flags.count)]
                let kernels = Outcome { () throws(SystemError) in try root.open(path, how) }
                let ours = Outcome { () throws(SystemError) in try RootWalk.open(path, in: root.descriptor, how) }
                #expect(ours == kernels, "\(round): \(path) \(how.rawValue)")
                if case .file = ours { found += 1 }
                if ours != kernels { return }
            }
            #expect(found > 1000)
        }
    }

    @Test func withoutLinksEveryLinkIsAnError() throws {
        try withTree { root throws in
            for path in ["/dir", "/dir/sub/../file", "/dir/absolute", "/dir/toFile", "/loop", "dir/sub/here/deep"] {
                let kernels = Outcome { () throws(SystemError) in try root.openWithoutLinks(path) }
                let ours = Outcome { () throws(SystemError) in
                    try RootWalk.open(path, in: root.descriptor, .path, .noLinks)
                }
                #expect(ours == kernels, "\(path)")
            }
        }
    }

    @Test func filesAreMadeOnlyWithin() throws {
        try withTree { root throws in
            let flags: OpenFlags = [.writeOnly, .create, .exclusive]
            _ = try RootWalk.open("/dir/absolute/new", in: root.descriptor, flags, mode: 0o600).rawValue
            #expect(try root.find("/dir/new") != nil)
            let again = Outcome { () throws(SystemError) in
                try RootWalk.open("/dir/new", in: root.descriptor, flags, mode: 0o600)
            }
            #expect(again == .failed(EEXIST))
        }
    }

    /// A path that winds up and down takes many steps for each of its names: there is an end to them.
    @Test func pathsThatWindForeverAreAnError() throws {
        try withTree { root throws in
            let path = String(repeating: "dir/sub/deep/../../../", count: 20_000)
            #expect(
                Outcome { () throws(SystemError) in try RootWalk.open(path, in: root.descriptor, .path) }
                    == .failed(ELOOP))
        }
    }

    /// Links of /proc that jump are refused, those that are paths followed, as the kernel does.
    @Test func linksOfProcAreNoWayOut() throws {
        let root = try RootDirectory("/proc")
        for path in ["self/root", "self/cwd/..", "self/exe", "self/ns/mnt", "self/fd/1/x"] {
            let ours = Outcome { () throws(SystemError) in try RootWalk.open(path, in: root.descriptor, .path) }
            let kernels = Outcome { () throws(SystemError) in try root.open(path, .path) }
            #expect(ours == .failed(ELOOP) && kernels == ours, "\(path)")
        }
        for path in ["self/status", "mounts", "net/dev", "thread-self/stat"] {
            let ours = Outcome { () throws(SystemError) in try RootWalk.open(path, in: root.descriptor, .path) }
            #expect(ours == Outcome { () throws(SystemError) in try root.open(path, .path) }, "\(path)")
        }
    }

    /// What is meant for a file of /proc is never led into another one by a mount (CVE-2025-52881).
    @Test(.enabled(if: getuid() == 0, "mounting takes the superuser")) func mountsBelowAreNotCrossed() throws {
        let root = try RootDirectory("/")
        func open(_ path: String, _ limits: RootWalk.Limits) -> Outcome {
            Outcome { () throws(SystemError) in try RootWalk.open(path, in: root.descriptor, .path, limits) }
        }
        #expect(open("/proc/self/status", []) != .failed(EXDEV))
        #expect(open("proc/self/status", .oneMount) == .failed(EXDEV))
        #expect(open("etc/passwd", .oneMount) == open("etc/passwd", []))
        #expect(open("../etc/passwd", .oneMount) == .failed(EXDEV))
    }

    @Test func theTableOfMountsIsRead() {
        let text = """
            21 1 0:20 / / rw shared:1 - ext4 /dev/a rw
            30 21 0:21 / /a\\040b\\134c rw - tmpfs none rw
            31 30 0:22 / /a\\040b\\134c/d rw - tmpfs none rw

            """
        let rows = MountTable.rows(in: Array(text.utf8))
        #expect(rows.map(\.number) == [21, 30, 31] && rows.map(\.parent) == [1, 21, 30])
        #expect(rows[1].place == Array("/a b\\c".utf8))
        #expect(rows.map(\.type) == ["ext4", "tmpfs", "tmpfs"].map { Array($0.utf8) })
    }
}
