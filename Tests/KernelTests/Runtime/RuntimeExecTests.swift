import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: exec", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeExecTests {
    @Test func runsInTheContainersNamespacesAndGroups() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.hostname = "inside"
            try bundle.whileRunning { () throws in
                let result = try bundle.exec(
                    script(
                        "hostname; for n in mnt pid net ipc uts cgroup; do [ $(readlink /proc/self/ns/$n) = $(readlink /proc/1/ns/$n) ] || echo $n differs; done; cat /proc/1/cmdline; grep -v ':/$' /proc/self/cgroup; exit 42"
                    ))
                #expect(result.code == 42)
                #expect(result.lines.first == "inside")
                #expect(result.lines.dropFirst().first?.hasPrefix("/bin/sleep") == true)
                #expect(result.lines.count == 2, "\(result.output)")
            }
        }
    }

    @Test func userEnvironmentAndWorkingDirectory() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let result = try bundle.exec(
                    script("id -u; pwd; echo $A $HOME; grep CapEff /proc/self/status"),
                    options: ["--user", "web", "--cwd", "/made/here", "--env", "A=b"])
                #expect(result.lines == ["33", "/made/here", "b /srv/web", "CapEff:\t0000000000000000"])
            }
        }
    }

    @Test func processFile() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                var process = RuntimeProcess()
                process.arguments = ["/bin/echo", "from a file"]
                process.user.name = "web"
                let file = "\(bundle.resources.directory)/process.json"
                try Files.write(file, process.json.encoded)
                #expect(try bundle.exec([], options: ["--process", file]).output == "from a file\n")
            }
        }
    }

    @Test func filterAndCapabilitiesAreTheContainers() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            var filter = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW")
            filter.calls = [.init(names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO")]
            bundle.specification.linux.seccomp = filter
            bundle.specification.process?.capabilities = RuntimeCapabilities(["CAP_KILL"])
            try bundle.whileRunning { () throws in
                let result = try bundle.exec(script("mkdir /tmp/x || echo refused; grep CapBnd /proc/self/status"))
                #expect(result.lines == ["refused", "CapBnd:\t0000000000000020"])
            }
        }
    }

    @Test func memoryOfExecutedProcessesCounts() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.memory.limit = 16 << 20
            bundle.specification.linux.resources.memory.swap = 16 << 20
            try bundle.whileRunning { () throws in
                let result = try bundle.exec(["/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"])
                #expect(result.code == 137)
            }
        }
    }

    @Test func terminalOfItsOwn() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let result = try bundle.exec(["/bin/tty"], options: ["--tty"])
                #expect(result.output == "/dev/pts/0\r\n")
            }
        }
    }
}
