import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: namespaces", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeNamespaceTests {
    @Test(arguments: ["mnt", "pid", "net", "ipc", "uts", "cgroup"])
    func hasItsOwn(_ kind: String) throws {
        try withBundle(["/bin/readlink", "/proc/self/ns/\(kind)"]) { bundle throws in
            let result = try bundle.run()
            let ours = try Command.run("/bin/readlink", ["/proc/self/ns/\(kind)"], in: bundle.resources)
            #expect(result.code == 0)
            #expect(result.output.hasPrefix("\(kind):[") && result.output != ours.output)
        }
    }

    @Test func isTheFirstProcessAndSeesItsOwnOnly() throws {
        try withBundle(script("echo $$; ls /proc | grep -c '^[0-9]'")) { bundle throws in
            let lines = try bundle.run().lines
            #expect(lines.first == "1")
            #expect(lines.last.flatMap { Int($0) } ?? 99 <= 3)
        }
    }

    @Test func hostNameAndDomainName() throws {
        try withBundle(script("hostname; cat /proc/sys/kernel/domainname")) { bundle throws in
            bundle.specification.hostname = "somewhere"
            bundle.specification.domainname = "example.org"
            #expect(try bundle.run().lines == ["somewhere", "example.org"])
        }
    }

    /// The namespace is made ahead by a process that shares memory, and by the container's own where there can be none.
    @Test(arguments: [nil, DeniedCalls([.clone], answer: EPERM)]) func loopbackIsUp(_ denied: DeniedCalls?) throws {
        try withBundle(["/bin/ip", "a", "show", "lo"]) { bundle throws in
            bundle.denied = denied
            let result = try bundle.run()
            #expect(result.output.contains("127.0.0.1"), "\(result.error)")
        }
    }

    @Test func joinsANetworkNamespaceByItsPath() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            let file = "\(bundle.resources.directory)/pid"
            try bundle.write()
            #expect(try bundle.command(["run", "-d", "--pid-file", file, "-b", bundle.directory, bundle.id]).code == 0)
            let path = "/proc/\(try Files.readText(file))/ns/net"
            let expected = try Command.run("/bin/readlink", [path], in: bundle.resources).output
            bundle.specification.linux.namespaces[1] = .init(.network, path: path)
            bundle.specification.process?.arguments = ["/bin/readlink", "/proc/self/ns/net"]
            try bundle.write()
            let second = try bundle.command(["run", "-b", bundle.directory, bundle.resources.name("second")])
            #expect(second.output == expected)
            #expect(try bundle.command(["delete", "-f", bundle.id]).code == 0)
        }
    }

    @Test func joinsAProcessNamespaceByItsPath() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            let file = "\(bundle.resources.directory)/pid"
            try bundle.write()
            #expect(try bundle.command(["run", "-d", "--pid-file", file, "-b", bundle.directory, bundle.id]).code == 0)
            let path = "/proc/\(try Files.readText(file))/ns/pid"
            bundle.specification.linux.namespaces[0] = .init(.pid, path: path)
            bundle.specification.process?.arguments = script("cat /proc/1/cmdline")
            try bundle.write()
            let second = try bundle.command(["run", "-b", bundle.directory, bundle.resources.name("second")])
            #expect(second.output.hasPrefix("/bin/sleep"))
            #expect(try bundle.command(["delete", "-f", bundle.id]).code == 0)
        }
    }

    @Test func kernelParametersOfItsOwnNamespacesOnly() throws {
        try withBundle(script("cat /proc/sys/net/ipv4/ip_unprivileged_port_start")) { bundle throws in
            let before = try Files.readText("/proc/sys/net/ipv4/ip_unprivileged_port_start")
            bundle.specification.linux.sysctl = ["net.ipv4.ip_unprivileged_port_start": "77"]
            #expect(try bundle.run().lines == ["77"])
            #expect(try Files.readText("/proc/sys/net/ipv4/ip_unprivileged_port_start") == before)
            bundle.specification.linux.sysctl = ["vm.overcommit_memory": "1"]
            let refused = try bundle.run()
            #expect(refused.code == 1 && refused.error.contains("vm.overcommit_memory"))
        }
    }
}
