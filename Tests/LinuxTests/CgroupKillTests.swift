import Glibc
import TestKit
import Testing

@testable import Linux

@Suite("Control groups: killing", .blocking, .enabled(if: getuid() == 0, "control groups take the superuser"))
struct CgroupKillTests {
    /// As on kernels without cgroup.kill (before 5.14): those below are found, and those that are made meanwhile.
    @Test func processesThatMakeOthersAreKilledOneByOne() throws {
        try withTestResources { resources in
            let group = try Cgroup.create("/\(resources.name("kill"))", layout: .detect(), limits: CgroupLimits())
            defer { #expect(throws: Never.self) { try group.remove() } }
            let below = group.allDirectories.map { "\($0)/below" }
            for directory in below { try Files.makeDirectory(directory) }
            let pipe = try PipePair()
            // Waits for a line before it makes others, all of which are in its group then.
            var parents: [Int32] = []
            for directories in [group.allDirectories, below] {
                let number = try Spawn.process(
                    path: "/bin/sh", arguments: ["-c", "read x; while :; do sleep 100 & sleep 0.01; done"],
                    descriptors: [(0, pipe.reading.rawValue)])
                parents.append(number)
                for directory in directories { try Files.set("\(directory)/cgroup.procs", "\(number)") }
            }
            try pipe.writing.writeAll("\n\n")
            try group.killOneByOne(10_000)
            for directory in group.allDirectories + below {
                #expect(try Files.readText("\(directory)/cgroup.procs").isEmpty)
            }
            for number in parents {
                #expect(try ProcessDescriptor(process: number).waitForEnd() == .signaled(SIGKILL))
            }
        }
    }
}
