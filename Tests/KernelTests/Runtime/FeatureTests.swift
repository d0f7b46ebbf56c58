import Glibc
import Linux
import OCI
import TestKit
import Testing

/// What `features` tells, held against what happens (features.md, features-linux.md). Names of seccomp, capabilities and
/// mount options: CommandLineTests.
@Suite("bulkhead-runtime: features", .serialized, .blocking, .enabled(if: isSuperuser))
struct FeatureTests {
    private func features(_ bundle: RuntimeBundle) throws -> JSONField {
        try JSONField(JSON(parsing: try bundle.command(["features"]).output))
    }

    private func enabled(_ name: String, _ bundle: RuntimeBundle) throws -> Bool {
        try features(bundle).required("linux").required(name).required("enabled").bool()
    }

    /// `run` with a member of config.json changed.
    private func run(_ bundle: RuntimeBundle, _ path: String, _ value: JSON) throws -> CommandResult {
        let document = ConfigurationChange(path, value).applied(to: bundle.specification.json)
        try Files.write("\(bundle.directory)/config.json", document.encoded)
        return try bundle.command(["run", "-b", bundle.directory, bundle.id])
    }

    @Test func namespacesAreMade() throws {
        let kinds = ["network": "net", "mount": "mnt"]
        try withBundle([]) { bundle throws in
            let names = try features(bundle).required("linux").required("namespaces").strings()
            #expect(Set(names) == Set(RuntimeNamespace.Kind.allCases.map(\.rawValue)))
            bundle.specification.linux.namespaces = try names.map {
                .init(try #require(RuntimeNamespace.Kind(rawValue: $0)))
            }
            bundle.specification.linux.userMappings = [.init(inside: 0, outside: 100_000, count: 1000)]
            bundle.specification.linux.groupMappings = [.init(inside: 0, outside: 100_000, count: 1000)]
            let files = names.map { "/proc/self/ns/\(kinds[$0] ?? $0)" }
            bundle.specification.process?.arguments = script(
                "for f in \(files.joined(separator: " ")); do readlink $f; done")
            let owned = try Command.run(
                "/bin/chown", ["-hR", "100000:100000", bundle.rootFileSystem], in: bundle.resources)
            try #require(owned.code == 0)
            let result = try bundle.run()
            #expect(result.code == 0, "\(result.error)")
            let own = try files.map { file in
                try Command.run("/bin/readlink", [file], in: bundle.resources).lines.first ?? ""
            }
            #expect(result.lines.count == files.count && Set(result.lines).isDisjoint(with: own), "\(result.output)")
        }
    }

    @Test func hooksRun() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let file = "\(bundle.rootFileSystem)/noted"
            let names = try features(bundle).required("hooks").strings()
            var hooks: [String: JSON] = [:]
            for name in names {
                // One that runs in the container finds the file at another place.
                let text = "[ -d '\(bundle.rootFileSystem)' ] && echo \(name) >>'\(file)' || echo \(name) >>/noted"
                hooks[name] = [["path": "/bin/busybox", "args": ["sh", "-c", .string(text)], "env": ["PATH=/bin"]]]
            }
            let result = try run(bundle, "hooks", .object(hooks))
            #expect(result.code == 0, "\(result.error)")
            #expect(Set(try Files.readText(file).split(separator: "\n").map(String.init)) == Set(names))
        }
    }

    @Test func annotationsThatChangeSomethingAreNamed() throws {
        try withBundle(["/bin/id", "-u"]) { bundle throws in
            let told = try features(bundle)
            let version = try told.required("annotations").required("io.bulkhead.runtime.version").string()
            #expect(try bundle.command(["--version"]).lines.first == "bulkhead-runtime version \(version)")
            #expect(try bundle.command(["--version"]).lines.last == "spec: \(told.required("ociVersionMax").string())")
            let unsafe = try told.required("potentiallyUnsafeConfigAnnotations").strings()
            #expect(try run(bundle, "annotations", ["org.bulkhead.user": "web"]).output == "33\n")
            #expect(unsafe.contains { $0.hasSuffix(".") && "org.bulkhead.user".hasPrefix($0) })
            #expect(try run(bundle, "annotations", ["com.example.user": "web"]).output == "0\n")
        }
    }

    /// A label of a module that the host does not have is refused; the runtime's part is there all the same.
    @Test(arguments: [
        ("apparmor", "process.apparmorProfile", "/sys/module/apparmor/parameters/enabled"),
        ("selinux", "process.selinuxLabel", "/sys/fs/selinux/enforce"),
        ("selinux", "linux.mountLabel", "/sys/fs/selinux/enforce"),
    ])
    func labelsAreHonouredOrRefused(_ module: String, _ property: String, _ file: String) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            #expect(try enabled(module, bundle))
            let result = try run(bundle, property, .string(bundle.resources.name("x")))
            #expect(result.code == 1 && result.error.contains(property), "\(result.error)")
            if !Files.exists(file) { #expect(result.error.contains("this host has no"), "\(result.error)") }
        }
    }

    @Test func cacheControlIsHonouredOrRefused() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let told = try features(bundle).required("linux").required("intelRdt")
            for name in ["enabled", "schemata", "monitoring"] { #expect(try told.required(name).bool()) }
            let result = try run(bundle, "linux.intelRdt", ["closID": "/", "enableMonitoring": true])
            let isThere = Files.exists("/sys/fs/resctrl/schemata")
            #expect(isThere || result.error.contains("linux.intelRdt: no resctrl file system"), "\(result.error)")
            #expect(result.code == (isThere ? 0 : 1))
        }
    }

    @Test func policiesOfMemoryAreKnown() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let told = try features(bundle).required("linux").required("memoryPolicy")
            for mode in try told.required("modes").strings() {
                let nodes: JSON? = mode == "MPOL_DEFAULT" || mode == "MPOL_LOCAL" ? nil : "0"
                let result = try run(bundle, "linux.memoryPolicy", .members(["mode": .string(mode), "nodes": nodes]))
                // An older kernel may not know it.
                #expect(
                    result.code == 0 || result.error.contains("linux.memoryPolicy: set the policy"), "\(result.error)")
            }
            for flag in try told.required("flags").strings() {
                let result = try run(
                    bundle, "linux.memoryPolicy", ["mode": "MPOL_BIND", "nodes": "0", "flags": [.string(flag)]])
                #expect(
                    result.code == 0 || result.error.contains("linux.memoryPolicy: set the policy"), "\(result.error)")
            }
            let other = try run(bundle, "linux.memoryPolicy", ["mode": "MPOL_NONSENSE"])
            #expect(other.code == 1 && other.error.contains("linux.memoryPolicy.mode"), "\(other.error)")
        }
    }

    /// What mapped mounts and moved devices do: RuntimeUserNamespaceTests, NetworkDeviceTests.
    @Test func mappedMountsAndNetworkDevicesAreKnown() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let extensions = try features(bundle).required("linux").required("mountExtensions")
            #expect(try extensions.required("idmap").required("enabled").bool())
            let mount: JSON = [
                "destination": "/mapped", "type": "tmpfs", "source": "tmpfs",
                "uidMappings": [["containerID": 0, "hostID": 1, "size": 1]],
                "gidMappings": [["containerID": 0, "hostID": 1, "size": 1]],
            ]
            let mapped = try run(bundle, "mounts", [mount])
            #expect(mapped.code == 1 && mapped.error.contains("only what is bound"), "\(mapped.error)")
            #expect(try enabled("netDevices", bundle))
            let moved = try run(bundle, "linux.netDevices", [bundle.resources.prefix: [:]])
            #expect(moved.code == 1 && moved.error.contains("linux.netDevices.\(bundle.resources.prefix)"))
        }
    }

    @Test func controlGroupsOfThisHostAreAmongThem() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let told = try features(bundle).required("linux").required("cgroup")
            #expect(try told.required(ResourceHost.isUnified ? "v2" : "v1").bool())
            #expect(try bundle.run().code == 0)
            if Files.isDirectory("/run/systemd/system") {
                #expect(try told.required("systemd").bool())
                try bundle.write()
                let result = try bundle.command(["--systemd-cgroup", "run", "-b", bundle.directory, bundle.id])
                #expect(result.code == 0, "\(result.error)")
            }
        }
    }
}
