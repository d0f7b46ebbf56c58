import Linux
import OCI
import TestKit
import Testing

/// `exec --cgroup [CONTROLLER[,CONTROLLER…]:]PATH` on hosts of every kind.
@Suite("bulkhead-runtime: groups of executed processes", .serialized, .blocking, .enabled(if: isSuperuser))
struct ExecGroupTests {
    /// `body` with groups named `below` in these directories of the container's.
    private func withGroups(
        _ choose: (Cgroup) -> [String], _ body: (RuntimeBundle, Cgroup) throws -> Void
    ) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let group = Cgroup(existing: "/\(bundle.id)", layout: try .detect())
                let directories = choose(group).map { "\($0)/below" }
                for directory in directories { try Files.makeDirectory(directory) }
                try body(bundle, group)
                for directory in directories { try Files.removeDirectory(directory) }
            }
        }
    }

    private func directories(_ group: Cgroup) -> [String] {
        group.controllerDirectories.map(\.path) + (group.unifiedDirectory.map { [$0] } ?? [])
    }

    /// The groups of an executed process, by controller; that of v2 has the name "".
    private func groups(_ bundle: RuntimeBundle, _ options: [String]) throws -> [String: String] {
        let result = try bundle.exec(
            ["/bin/cat", "/proc/self/cgroup"], options: options.flatMap { ["--cgroup", $0] })
        try #require(result.code == 0, "\(result.error)")
        var groups: [String: String] = [:]
        for line in result.lines {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            for name in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                groups[String(name)] = parts[2]
            }
        }
        return groups
    }

    private func expectRefusal(_ bundle: RuntimeBundle, _ options: [String], _ words: String) throws {
        let result = try bundle.exec(["/bin/true"], options: options.flatMap { ["--cgroup", $0] })
        #expect(result.code == 255 && result.error.contains(words), "\(options): \(result.error)")
    }

    @Test func aPathIsForAllControllers() throws {
        try withGroups(directories) { bundle, group throws in
            let found = try groups(bundle, ["/below"])
            #expect(found.values.filter { $0.hasSuffix("/below") }.count >= group.controllerDirectories.count)
            #expect(group.unifiedDirectory == nil || found[""] == "/below", "\(found)")
            #expect(try groups(bundle, ["/"])[""] == (group.unifiedDirectory == nil ? nil : "/"))
        }
    }

    /// Else nothing would limit the process there.
    @Test func aGroupThatIsMissingSomewhereIsRefused() throws {
        try withGroups {
            Array(directories($0).dropFirst())
        } _: { bundle, group throws in
            try expectRefusal(bundle, ["below"], "no such group")
            try expectRefusal(bundle, ["missing"], "no such group")
        }
    }

    @Test(.enabled(if: !ResourceHost.isUnified, "cgroup v2 has one group for all controllers"))
    func aPathIsForSomeControllers() throws {
        let chosen: Set = ["memory", "pids"]
        try withGroups { group in
            group.controllerDirectories.filter { chosen.contains($0.name) }.map(\.path)
        } _: { bundle, group throws in
            let one = try groups(bundle, ["memory:below"])
            #expect(one["memory"] == "/below" && one["pids"] == "/", "\(one)")
            for several in [["memory,pids:/below"], ["memory:below", "pids:below"]] {
                let both = try groups(bundle, several)
                #expect(both["memory"] == "/below" && both["pids"] == "/below" && both["freezer"] == "/", "\(both)")
            }
            try expectRefusal(bundle, ["freezer:below"], "no such group")
            try expectRefusal(bundle, ["nonsense:below"], "the container has no control group for nonsense")
        }
    }

    @Test(.enabled(if: ResourceHost.isUnified, "this host has cgroup v1"))
    func controllersAreRefusedOnVersion2() throws {
        try withGroups(directories) { bundle, _ throws in
            try expectRefusal(bundle, ["memory:below"], "give a path without memory:")
        }
    }

    @Test func whatIsNoPathIsRefused() throws {
        try withGroups { _ in
            []
        } _: { bundle, _ throws in
            try expectRefusal(bundle, ["../x"], "leads out")
            try expectRefusal(bundle, ["cpu:a/../../x"], "leads out")
            try expectRefusal(bundle, [":x"], "name is missing")
            try expectRefusal(bundle, ["cpu,:x"], "name is missing")
            try expectRefusal(bundle, ["cpu:x", "cpu:y"], "for cpu already")
            try expectRefusal(bundle, ["x", "y"], "must begin with CONTROLLER:")
            try expectRefusal(bundle, ["x", "cpu:y"], "for all controllers already")
        }
    }
}
