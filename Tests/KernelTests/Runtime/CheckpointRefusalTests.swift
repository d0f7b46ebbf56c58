import Linux
import OCI
import TestKit
import Testing

/// What `checkpoint` and `restore` refuse, before anything is done: with programs that stand for criu. What they do is tried
/// in the rig (RigCheckpointTests), whose kernel the real one knows.
@Suite("bulkhead-runtime: checkpoints that are refused", .serialized, .blocking, .enabled(if: isSuperuser))
struct CheckpointRefusalTests {
    /// A container that counts into a file, while it runs.
    private func whileCounting(_ body: (borrowing RuntimeBundle) throws -> Void) throws {
        let program = "i=0; while :; do i=$((i+1)); echo $i >/tmp/new; mv /tmp/new /tmp/count; sleep 0.01; done"
        try withBundle(script(program)) { bundle throws in
            try bundle.whileRunning { () throws in
                try body(bundle)
                // It goes on.
                let state = try JSONField(JSON(parsing: try bundle.command(["state", bundle.id]).output))
                #expect(try state.required("status").string() == "running")
                let twice = """
                    until first=$(cat /tmp/count); do sleep 0.01; done
                    tries=0
                    while [ "$(cat /tmp/count)" = $first ] && [ $((tries += 1)) -le 3000 ]; do sleep 0.01; done
                    echo $first; cat /tmp/count
                    """
                let counted = try bundle.exec(["/bin/sh", "-c", twice])
                let numbers = counted.lines.compactMap { Int($0) }
                #expect(numbers.count == 2 && numbers[0] < numbers[1], "\(counted)")
            }
        }
    }

    /// A program in the place of criu.
    private func stand(in bundle: borrowing RuntimeBundle, _ text: String) throws -> String {
        let path = "\(bundle.resources.directory)/criu"
        try Files.write(path, Array("#!/bin/sh\n\(text)\n".utf8), mode: 0o755)
        return path
    }

    @Test func withoutCriuTheyTellWhatIsMissing() throws {
        try whileCounting { bundle throws in
            let images = "\(bundle.resources.directory)/images"
            let saved = try bundle.command([
                "--criu", "/nonexistent/criu", "checkpoint", "--image-path", images, bundle.id,
            ])
            #expect(saved.code == 1 && saved.error.contains("take the program criu, which is not there"), "\(saved)")
            #expect(saved.error.contains("/nonexistent/criu") && saved.error.contains("--criu"), "\(saved)")
            let restored = try bundle.command([
                "--criu", "no-such-criu", "restore", "-b", bundle.directory, "--image-path", images, "other",
            ])
            #expect(restored.code == 1 && restored.error.contains("no-such-criu"), "\(restored)")
            #expect(try bundle.command(["state", "other"]).code == 1)
            #expect(!Files.exists(images))
        }
    }

    @Test func aCriuThatFailsItsCheckIsToldInItsWords() throws {
        try whileCounting { bundle throws in
            let criu = try stand(
                in: bundle,
                """
                if [ "$1" = --version ]; then echo 'Version: 3.17.1'; exit 0; fi
                echo "Error (criu/vdso.c:1): vdso: Can't find [vvar] on this kernel" >&2
                exit 1
                """)
            for command in [["checkpoint", bundle.id], ["restore", "-b", bundle.directory, "other"]] {
                let result = try bundle.command(["--criu", criu] + command)
                #expect(result.code == 1 && result.error.contains("criu check: vdso: Can't find [vvar]"), "\(result)")
            }
        }
    }

    @Test(arguments: [("Version: 3.11", "3.11"), ("hello", "hello")])
    func aCriuThatIsTooOldOrNoneIsRefused(_ version: String, _ told: String) throws {
        try whileCounting { bundle throws in
            let criu = try stand(in: bundle, "echo '\(version)'")
            let result = try bundle.command(["--criu", criu, "checkpoint", bundle.id])
            #expect(result.code == 1 && result.error.contains(told), "\(result)")
        }
    }

    @Test func aDumpThatFailsLeavesTheContainerAndTellsOfTheLog() throws {
        try whileCounting { bundle throws in
            let work = "\(bundle.resources.directory)/work"
            let criu = try stand(
                in: bundle,
                """
                case $1 in
                --version) echo 'Version: 3.17.1'; exit 0 ;;
                check) exit 0 ;;
                esac
                echo '(00.1) pie: fine' >'\(work)/dump.log'
                echo '(00.2) Error (criu/tty.c:12): tty: Found dangling tty' >>'\(work)/dump.log'
                exit 1
                """)
            let result = try bundle.command([
                "--criu", criu, "checkpoint", "--image-path", "\(bundle.resources.directory)/images", "--work-path",
                work,
                bundle.id,
            ])
            #expect(
                result.code == 1
                    && result.error.contains("criu dump: tty: Found dangling tty (its log: \(work)/dump.log)"),
                "\(result)")
        }
    }

    @Test(
        arguments: [
            (["--lazy-pages"], "--lazy-pages is not supported"),
            (["--status-fd", "3"], "--status-fd is not supported"),
            (["--manage-cgroups-mode", "much"], "must be soft, full, strict or ignore, not much"),
            (["--empty-ns", "mount"], "only the network namespace"), (["--page-server", "here"], "ADDRESS:PORT"),
            (["--parent-path", "/images"], "must be relative to --image-path"), (["--pre-dmp"], "is not known"),
        ])
    func optionsThatCantBeMet(_ words: [String], _ told: String) throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let result = try bundle.command(["checkpoint"] + words + [bundle.id])
            #expect(result.code == 1 && result.error.contains(told), "\(result)")
        }
    }

    @Test func onlyARunningContainerCanBeSaved() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let unknown = try bundle.command(["checkpoint", bundle.id])
            #expect(unknown.code == 1 && unknown.error.contains("container does not exist"), "\(unknown)")
            try bundle.write()
            #expect(try bundle.command(["create", "-b", bundle.directory, bundle.id]).code == 0)
            let created = try bundle.command(["checkpoint", bundle.id])
            #expect(created.code == 1 && created.error.contains("that is created"), "\(created)")
            #expect(try bundle.command(["delete", bundle.id]).code == 0)
            #expect(try bundle.command(["run", "--keep", "-b", bundle.directory, bundle.id]).code == 0)
            let stopped = try bundle.command(["checkpoint", bundle.id])
            #expect(stopped.code == 1 && stopped.error.contains("that is stopped"), "\(stopped)")
            #expect(try bundle.command(["delete", bundle.id]).code == 0)
        }
    }
}
