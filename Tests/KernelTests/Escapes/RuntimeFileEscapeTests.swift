import Glibc
import Linux
import OCI
import TestKit
import Testing

/// CVE-2019-5736: a container that gets the runtime executed as one of its own processes, keeps a handle on its file
/// through /proc/PID/exe, and writes to it once nobody executes it any more.
@Suite("Escapes: the runtime's own file", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeFileEscapeTests {
    /// The attacker's part: waits for a process that executes something other than busybox, keeps its file, lets it end
    /// (it waits in the opening of its log, which is a pipe), and writes as soon as nobody executes it. Tells the size of the file that it has got
    /// hold of: that is what shows that the attack has come to the point.
    private static let attacker = """
        while :; do for p in /proc/[0-9]*; do
            case $(readlink $p/exe) in ''|/bin/busybox) ;; *) exec 9<$p/exe && break 2 ;; esac
        done; done
        cat /log > /dev/null
        while [ -d $p ]; do :; done
        wc -c < /proc/self/fd/9 > /tmp/size
        while :; do
            (echo overwritten >> /proc/self/fd/9) 2> /tmp/refused
            case $(cat /tmp/refused) in *busy*) ;; *) break ;; esac
        done
        echo done > /tmp/done
        """

    enum Way: CaseIterable { case linkByExec, scriptByExec, linkByRunInOurProcesses }

    @Test(arguments: Way.allCases) func cve_2019_5736_itCannotBeOverwritten(_ way: Way) throws {
        try withBundle(script(Self.attacker)) { bundle throws in
            // The victim is a copy.
            let runtime = "\(bundle.resources.directory)/runtime"
            try Command.copy(bundle.runtime, to: runtime)
            let before = try Files.read(runtime)
            bundle.runtime = runtime
            let root = bundle.rootFileSystem
            #expect(mkfifo("\(root)/log", 0o600) == 0)
            switch way {
            case .scriptByExec:
                try Files.write("\(root)/evil", Array("#!/proc/self/exe --log=/log\n".utf8), mode: 0o755)
            default: #expect(symlink("/proc/self/exe", "\(root)/evil") == 0)
            }
            try bundle.whileRunning { () throws in
                switch way {
                case .linkByExec: _ = try bundle.exec(["/evil", "--log", "/log", "nonsense"])
                case .scriptByExec: _ = try bundle.exec(["/evil"])
                case .linkByRunInOurProcesses:
                    let state = try JSONField(JSON(parsing: bundle.command(["state", bundle.id]).output))
                    let process: Int32 = try state.required("pid").number()
                    bundle.specification.linux.namespaces[0] = .init(.pid, path: "/proc/\(process)/ns/pid")
                    bundle.specification.process?.arguments = ["/evil", "--log", "/log", "nonsense"]
                    try bundle.write()
                    _ = try bundle.command(["run", "-b", bundle.directory, bundle.resources.name("second")])
                }
                try waitFor("\(root)/tmp/done")
            }
            // It had the very file, or what stands for it...
            #expect(try Files.readText("\(root)/tmp/size") == "\(before.count)\n")
            // ... could not write to that ...
            let refused = try Files.readText("\(root)/tmp/refused")
            #expect(refused.contains("Read-only file system") || refused.contains("Operation not permitted"))
            // ... and the file is as it was.
            #expect(try Files.read(runtime) == before)
        }
    }

    /// On a mount that is read-only already the program is not executed twice.
    @Test func aReadOnlyMountNeedsNoOtherOne() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            try bundle.write()
            let runtime = "\(bundle.resources.directory)/runtime"
            try Command.copy(bundle.runtime, to: runtime)
            let run =
                "exec \(runtime) --root \(bundle.resources.directory)/state run -b \(bundle.directory) \(bundle.id)"
            let text = "mount --bind \(runtime) \(runtime) && mount -o remount,bind,ro \(runtime) && \(run)"
            let result = try Command.run("/usr/bin/unshare", ["-m", "sh", "-c", text], in: bundle.resources)
            #expect(result.code == 0, "\(result.error)")
        }
    }

    private func waitFor(_ file: String) throws {
        let deadline = Clock.monotonicMilliseconds + 20_000
        while !Files.exists(file) {
            try #require(Clock.monotonicMilliseconds < deadline, "the attacker has not come to its end")
            usleep(2000)
        }
    }
}
