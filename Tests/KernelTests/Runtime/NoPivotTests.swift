import Linux
import OCI
import TestKit
import Testing

/// `--no-pivot`: the container's root on top of the host's, as on an initial RAM disk, which pivot_root refuses.
@Suite("bulkhead-runtime: without pivot_root", .serialized, .blocking, .enabled(if: isSuperuser))
struct NoPivotTests {
    /// What the container's root has.
    private let names = ["bin", "dev", "etc", "proc", "sys", "tmp"]

    private func run(_ bundle: RuntimeBundle, _ options: [String] = []) throws -> CommandResult {
        try bundle.write()
        return try bundle.command(["run", "--no-pivot"] + options + ["-b", bundle.directory, bundle.id])
    }

    private var hostsMounts: [String] {
        get throws { try Files.readText("/proc/thread-self/mountinfo").split(separator: "\n").map(String.init) }
    }

    /// `body` with the first process's number.
    private func whileRunning(_ bundle: RuntimeBundle, _ body: (String) throws -> Void) throws {
        let file = "\(bundle.resources.directory)/pid"
        let started = try run(bundle, ["--detach", "--pid-file", file])
        try #require(started.code == 0, "\(started.error)")
        defer { #expect(throws: Never.self) { try bundle.command(["delete", "--force", bundle.id]) } }
        try body(try Files.readText(file))
    }

    @Test func theRootIsTheBundles() throws {
        try withBundle(script("ls /; ls /..; pwd; cat /proc/1/comm")) { bundle throws in
            let before = try hostsMounts
            let result = try run(bundle)
            #expect(result.code == 0, "\(result.error)")
            #expect(result.lines == names + names + ["/", "cat"])
            #expect(try hostsMounts == before)
        }
    }

    /// What is below the container's root: there the kernel's own file systems are gone, or covered where a more privileged
    /// namespace has locked them.
    @Test(arguments: [nil, "shared", "slave"] as [String?], [false, true])
    func belowThereIsNeitherProcNorSysfs(_ propagation: String?, _ mapsUsers: Bool) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            if mapsUsers { try bundle.mapUsers() }
            bundle.specification.linux.rootPropagation = propagation
            let before = try hostsMounts
            try whileRunning(bundle) { process throws in
                func enter(_ words: [String]) throws -> CommandResult {
                    let spaces = mapsUsers ? ["-U", "-m"] : ["-m"]
                    return try Command.run("/usr/bin/nsenter", ["-t", process] + spaces + words, in: bundle.resources)
                }
                #expect(try enter(["/bin/ls", "/"]).lines == names)
                let bared = try enter(["/bin/umount", "-l", "/"])
                #expect(bared.code == 0, "\(bared.error)")
                let below = try enter(["/bin/sh", "-c", "test -e /usr/bin && ls -A /proc /sys"])
                #expect(below.output == "/proc:\n\n/sys:\n", "\(below.error)")
            }
            #expect(try hostsMounts == before)
        }
    }

    @Test func execHasTheSameRoot() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try whileRunning(bundle) { _ throws in
                #expect(try bundle.exec(["/bin/ls", "/"]).lines == names)
                #expect(try bundle.exec(["/bin/ls", "/.."], options: ["--cap", "CAP_SYS_CHROOT"]).lines == names)
            }
        }
    }

    /// A mount that the host shares tells it of what goes from it.
    @Test func theHostKeepsWhatIsOnItsSharedMounts() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.linux.rootPropagation = "shared"
            try bundle.write()
            let place = "\(bundle.resources.directory)/shared"
            let host = """
                mkdir \(place) && mount -t tmpfs none \(place) && mount --make-shared \(place) && mkdir \(place)/proc &&
                    mount -t proc none \(place)/proc || exit 2
                \(bundle.runtime) --root \(bundle.resources.directory)/state run --no-pivot -b \(bundle.directory) \(bundle.id)
                echo $?; cat \(place)/proc/1/comm >/dev/null && echo there
                """
            let result = try Command.run("/usr/bin/unshare", ["-m", "/bin/sh", "-c", host], in: bundle.resources)
            #expect(result.lines == ["0", "there"], "\(result.error)")
        }
    }

    @Test func aReadOnlyRootCannotBeWritten() throws {
        try withBundle(script("touch /new; mount -o remount,rw / 2>&1")) { bundle throws in
            bundle.specification.root?.readOnly = true
            let result = try run(bundle)
            #expect(result.code != 0)
            #expect(!Files.exists("\(bundle.rootFileSystem)/new"))
        }
    }
}
