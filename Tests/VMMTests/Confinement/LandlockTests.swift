import CLinux
import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

/// The second wall alone, without the filters that deny the same: a process puts it up for ever, so one of its own does.
@Suite(.serialized, .blocking, .enabled(if: bh_landlock_version() > 0, "this kernel has no Landlock"))
struct LandlockTests {
    private static let variable = "BULKHEAD_TEST_LANDLOCK"
    private static var isInside: Bool { getenv(variable) != nil }

    @Test(.enabled(if: !LandlockTests.isInside, "this process is confined"))
    func aConfinedProcessReachesNothing() throws {
        try withTestResources { resources in
            let tests = try Command.run(
                "/usr/bin/env",
                [
                    "\(LandlockTests.variable)=\(resources.directory)", try Program.path(), "--testing-library",
                    "swift-testing", "--filter", "^VMMTests\\.LandlockTests",
                ], in: resources)
            let told = tests.output + tests.error
            #expect(tests.code == 0 && told.contains("confined: tried all"), "\(told.suffix(4000))")
            let left = try Files.entries(of: resources.directory)
            #expect(left.contains("there") && !left.contains("new") && !left.contains("folder"), "\(left)")
        }
    }

    @Test(.enabled(if: LandlockTests.isInside, "this process is not confined")) func whatIsDenied() throws {
        let folder = try #require(getenv(LandlockTests.variable).map { String(cString: $0) })
        try Files.write("\(folder)/there", [])
        try Confinement(identity: nil, largestFile: nil).enforce()
        func number(_ result: Int32) -> Int32 { result < 0 ? errno : 0 }
        #expect(number(open("\(folder)/there", O_RDONLY)) == EACCES)
        #expect(number(open("\(folder)/new", O_WRONLY | O_CREAT, 0o600)) == EACCES)
        #expect(number(mkdir("\(folder)/folder", 0o700)) == EACCES)
        #expect(number(unlink("\(folder)/there")) == EACCES)
        if bh_landlock_version() >= 4 {
            let socket = Descriptor(adopting: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            #expect(number(bound) == EACCES)
        }
        if bh_landlock_version() >= 6 { #expect(number(kill(getppid(), 0)) == EPERM) }
        print("confined: tried all")
    }
}
