import Linux
import OCI
import Testing

@testable import ContainerRuntime

/// What is read of criu's words, and written beside its images.
@Suite("checkpoints") struct CheckpointTests {
    @Test(
        arguments: [
            ("Version: 3.17.1\n", "3.17", true), ("Version: 4.0\nGitID: v4.0\n", "4.0", true),
            ("Version: 3.14\n", "3.14", true), ("Version: 3.13.2\n", "3.13", false), ("Version: 2.99", "2.99", false),
            ("Version: 3.19-rc1", "3.19", true),
        ])
    func versions(_ words: String, _ text: String, _ isEnough: Bool) throws {
        let version = try #require(CriuVersion(words))
        #expect(version.description == text && (version >= Criu.oldest) == isEnough)
    }

    @Test(arguments: ["", "Version:", "Version: x.y", "3.17", "Version: 3"]) func noVersions(_ words: String) {
        #expect(CriuVersion(words) == nil)
    }

    @Test func theLastErrorsOfALogAreShown() {
        let log = """
            (00.000001) Running
            (00.1) Warn  (criu/kerndat.c:1): odd
            (00.2)      1: Error (criu/files-reg.c:2259): Can't open file x on restore: No such file or directory
            (00.3) Error (criu/cr-restore.c:2537): Restoring FAILED.

            """
        #expect(
            CriuLog(log).errors == "Can't open file x on restore: No such file or directory; Restoring FAILED.")
        let many = (1...9).map { "Error (a.c:\($0)): \($0)\n" }.joined()
        #expect(CriuLog(many).errors == "6; 7; 8; 9")
        #expect(CriuLog("criu: not found\n").errors == "criu: not found")
        #expect(CriuLog("").errors == "")
        #expect(CriuLog("Error (").errors == "Error (")
    }

    @Test func theRecordIsReadAsItWasWritten() throws {
        var record = CheckpointRecord()
        record.mounts = [
            ExternalMount(place: "/run/secrets/a", source: .bind(destination: "/var/run/secrets", below: "/a")),
            ExternalMount(place: "/dev/null", source: .device),
            ExternalMount(place: "/dev/console", source: .console),
            ExternalMount(place: "/sys/fs/cgroup", source: .controlGroup(controller: nil)),
            ExternalMount(place: "/sys/fs/cgroup/memory", source: .controlGroup(controller: "memory")),
        ]
        let document = """
            {"streams": [{"number": 1, "kind": "pipe", "resource": "pipe:[7]", "path": "pipe:[7]", "flags": 1}]}
            """
        record.streams = try CheckpointRecord(parsing: Array(document.utf8)).streams
        #expect(record.streams.count == 1 && record.streams[0].resource == "pipe:[7]")
        #expect(try CheckpointRecord(parsing: record.encoded) == record)
    }

    @Test(
        arguments: [
            "", "[]", #"{"streams": 1}"#, #"{"mounts": [{"place": "/a"}]}"#,
            #"{"mounts": [{"place": "/a", "kind": "x"}]}"#,
            #"{"streams": [{"number": 3, "kind": "pipe", "resource": "r", "path": "p", "flags": 0}]}"#,
            #"{"streams": [{"number": 0, "kind": "pip", "resource": "r", "path": "p", "flags": 0}]}"#,
            #"{"mounts": [{"place": "/a", "kind": "bind", "destination": "/a"}]}"#,
        ])
    func damagedRecordsAreRefused(_ text: String) {
        #expect(throws: JSONError.self) { try CheckpointRecord(parsing: Array(text.utf8)) }
    }

    private static let table = """
        135 109 254:0 /b/rootfs / rw - ext4 /dev/vda rw
        136 135 0:40 / /proc rw - proc proc rw
        137 135 0:41 / /dev rw - tmpfs tmpfs rw
        138 137 0:5 /zero /dev/zero rw - devtmpfs udev rw
        139 137 0:42 /0 /dev/console rw - devpts devpts rw
        142 135 0:26 /c1 /sys/fs/cgroup ro - cgroup2 cgroup rw
        143 135 254:0 /v /run/vol rw - ext4 /dev/vda rw
        144 143 254:1 / /run/vol/more rw - ext4 /dev/vdb rw
        145 143 0:50 / /run/vol/memory rw - tmpfs tmpfs rw
        146 136 0:41 /null /proc/keys rw - tmpfs tmpfs rw
        """

    private func found(terminal: Bool, ownsGroups: Bool) throws -> [ExternalMount] {
        func plan(_ destination: String, _ type: String, _ options: [String] = []) throws -> MountPlan {
            try MountPlan(RuntimeMount(destination: destination, type: type, source: "/host", options: options))
        }
        let planned = [
            (place: "/proc", mount: try plan("/proc", "proc")), ("/dev", try plan("/dev", "tmpfs")),
            ("/run/vol", try plan("/var/run/vol", "bind", ["rbind"])),
            ("/run/vol/memory", try plan("/var/run/vol/memory", "tmpfs")),
        ]
        return ExternalMounts(planned, hasTerminal: terminal, ownsGroups: ownsGroups)
            .external(in: MountTable.rows(in: Array(Self.table.utf8)))
    }

    @Test func whatComesFromOutsideIsToldApart() throws {
        let usual: [ExternalMount] = [
            ExternalMount(place: "/run/vol", source: .bind(destination: "/var/run/vol", below: "")),
            ExternalMount(place: "/run/vol/more", source: .bind(destination: "/var/run/vol", below: "/more")),
        ]
        let device = ExternalMount(place: "/dev/zero", source: .device)
        #expect(try found(terminal: false, ownsGroups: true) == [device] + usual)
        let console = ExternalMount(place: "/dev/console", source: .console)
        let group = ExternalMount(place: "/sys/fs/cgroup", source: .controlGroup(controller: nil))
        #expect(try found(terminal: true, ownsGroups: false) == [device, console, group] + usual)
    }
}
