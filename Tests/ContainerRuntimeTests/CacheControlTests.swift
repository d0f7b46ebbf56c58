import Linux
import OCI
import TestKit
import Testing

@testable import ContainerRuntime

/// `linux.intelRdt` against a directory that stands for the kernel's file system, which takes a processor that has it.
@Suite("shares of caches") struct CacheControlTests {
    private func control(
        _ members: JSON, in resources: TestResources, id: String = "c1"
    ) throws -> CacheControl {
        let document: JSON = ["ociVersion": "1.3.0", "linux": ["intelRdt": members]]
        let wanted = try #require(try RuntimeSpecification(json: document).linux.cacheControl)
        return CacheControl(unchecked: wanted, id: id, root: resources.directory)
    }

    /// A class of service as the kernel makes it.
    private func makeClass(_ name: String, _ schemata: String, in resources: TestResources) throws {
        try Files.makeDirectories("\(resources.directory)/\(name)/mon_groups")
        for file in ["schemata", "tasks"] { try Files.write("\(resources.directory)/\(name)/\(file)", []) }
        try Files.write("\(resources.directory)/\(name)/schemata", Array(schemata.utf8))
    }

    private func read(_ path: String, in resources: TestResources) throws -> String {
        try Files.readText("\(resources.directory)/\(path)")
    }

    @Test func anUpdateIsWrittenIntoTheContainersGroup() throws {
        try withTestResources { resources in
            try makeClass("c1", "", in: resources)
            var schemata = CacheSchemata()
            schemata.cache = "L3:0=7"
            #expect(throws: Never.self) { try control(["l3CacheSchema": "L3:0=f"], in: resources).update(schemata) }
            #expect(try read("c1/schemata", in: resources) == "L3:0=7\n")
            schemata.bandwidth = "MB:0=50"
            #expect(schemata.lines == ["L3:0=7", "MB:0=50"])
            // Each line is one write of its own, as the kernel wants it: the last one is what the file has.
            #expect(throws: Never.self) { try control([:], in: resources).update(schemata) }
            #expect(try read("c1/schemata", in: resources).hasPrefix("MB:0=50\n"))
        }
    }

    @Test func anUpdateOfAClassThatIsGoneIsRefused() throws {
        try withTestResources { resources in
            var schemata = CacheSchemata()
            schemata.bandwidth = "MB:0=50"
            let error = #expect(throws: RuntimeError.self) {
                try control(["closID": "gold", "schemata": ["L3:0=f"]], in: resources).update(schemata)
            }
            #expect(error?.description.contains("gold is not there") == true)
        }
    }

    @Test func aClassThatExistsMustSayWhatIsAskedFor() throws {
        try withTestResources { resources in
            try makeClass("gold", "    MB:0=100\n    L3:0=f\n", in: resources)
            let same = try control(["closID": "gold", "schemata": ["L3:0=f"]], in: resources)
            #expect(throws: Never.self) { try same.prepare() }
            let other = try control(["closID": "gold", "schemata": ["L3:0=3"]], in: resources)
            #expect(throws: RuntimeError.self) { try other.prepare() }
            let missing = try control(["closID": "silver"], in: resources)
            #expect(throws: RuntimeError.self) { try missing.prepare() }
        }
    }

    @Test func theProcessEntersItsClassAndItsMonitoringGroup() throws {
        try withTestResources { resources in
            try makeClass("gold", "    L3:0=f\n", in: resources)
            let control = try control(["closID": "gold", "enableMonitoring": true], in: resources)
            #expect(throws: Never.self) { try control.prepare() }
            // The kernel makes the files of a group with its directory.
            try Files.write("\(resources.directory)/gold/mon_groups/c1/tasks", [])
            #expect(throws: Never.self) { try control.enter(77) }
            #expect(try read("gold/tasks", in: resources) == "77")
            #expect(try read("gold/mon_groups/c1/tasks", in: resources) == "77")
            try Files.remove("\(resources.directory)/gold/mon_groups/c1/tasks")
            #expect(throws: Never.self) { try control.remove() }
            #expect(!Files.exists("\(resources.directory)/gold/mon_groups/c1"))
            // A class that has a name is not the container's own.
            #expect(Files.exists("\(resources.directory)/gold"))
        }
    }
}
