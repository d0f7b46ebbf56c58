import Glibc
import Linux
import TestKit
import Testing

@Suite("Paths in a root directory", .blocking)
struct RootDirectoryTests {
    @Test func linksNeverLeadOut() throws {
        try withTestResources { resources in
            let (root, outside) = ("\(resources.directory)/root", "\(resources.directory)/outside")
            try Files.makeDirectories(root)
            try Files.makeDirectories(outside)
            symlink(outside, "\(root)/absolute")
            symlink("../outside", "\(root)/relative")
            symlink("/proc/self/root", "\(root)/magic")
            let directory = try RootDirectory(root)
            _ = try directory.makeDirectories("/absolute/a")
            _ = try directory.makeDirectories("relative/b/../c")
            _ = try directory.makeFile("/absolute/file")
            #expect(try Files.entries(of: outside).isEmpty)
            #expect(Files.exists("\(root)\(outside)/a"))
            #expect(Files.exists("\(root)/outside/c"))
            #expect(Files.exists("\(root)\(outside)/file"))
        }
    }

    @Test func linksThatLeadInCirclesAreAnError() throws {
        try withTestResources { resources in
            symlink("b", "\(resources.directory)/a")
            symlink("a", "\(resources.directory)/b")
            let directory = try RootDirectory(resources.directory)
            #expect(throws: SystemError.self) { _ = try directory.makeDirectories("/a/c").rawValue }
        }
    }

    @Test func danglingLinkToAFileIsMadeWithin() throws {
        try withTestResources { resources in
            try Files.makeDirectories("\(resources.directory)/etc")
            symlink("../run/systemd/resolve/stub-resolv.conf", "\(resources.directory)/etc/resolv.conf")
            _ = try RootDirectory(resources.directory).makeFile("/etc/resolv.conf")
            #expect(Files.exists("\(resources.directory)/run/systemd/resolve/stub-resolv.conf"))
        }
    }
}
