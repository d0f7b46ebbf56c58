import Testing

/// Block devices, persistent memory and shared folders.
extension RigVMMTests {
    private static let bytes = 24 << 20

    @Test func aDiskHasWhatWasWrittenToIt() async throws {
        try await RigSession.use { rig, session in
            let machine = try RigMachine.shared(in: &rig, session)
            // Around the guest's page cache both ways: every byte passes the device.
            try machine.shell(
                "peer send direct:/dev/vda \(Self.bytes) && peer receive direct:/dev/vda \(Self.bytes)", in: &rig)
            try rig.succeed("\(RigMachine.peer) receive file:/tmp/shared/disk \(Self.bytes)")
        }
    }

    @Test func aReadOnlyDiskRefusesWrites() async throws {
        let (code, before, after) = try await RigSession.use { rig, session in
            let machine = try RigMachine.shared(in: &rig, session)
            let before = try rig.succeed("md5sum </tmp/shared/constant")
            let seen = try machine.shell("md5sum </dev/vdb", in: &rig)
            let code = try machine.shell(
                "cat /sys/block/vdb/ro; dd if=/dev/zero of=/dev/vdb bs=4k count=1 2>&1; echo code $?", in: &rig)
            try check(seen == before, "the guest reads \(seen)")
            return (code, before, try rig.succeed("md5sum </tmp/shared/constant"))
        }
        #expect(code.hasPrefix("1\n"))
        #expect(code.contains("code 1"))
        #expect(after == before)
    }

    @Test func whatIsDiscardedGoesBackToTheHost() async throws {
        let (full, empty, said) = try await RigSession.use { rig, session in
            let machine = try RigMachine.shared(in: &rig, session)
            try machine.shell("peer send direct:/dev/vda \(Self.bytes)", in: &rig)
            let full = try rig.succeed("stat -c %b /tmp/shared/disk")
            let said = try machine.shell("blkdiscard /dev/vda && od -A n -N 8 -t x1 /dev/vda", in: &rig)
            return (full, try rig.succeed("stat -c %b /tmp/shared/disk"), said)
        }
        #expect(Int(full.dropLast()) ?? 0 >= Self.bytes / 512)
        #expect(empty == "0\n")
        #expect(said == " 00 00 00 00 00 00 00 00\n")
    }

    @Test func aSharedFolderIsTheHosts() async throws {
        let (seen, size) = try await RigSession.use { rig, session in
            let machine = try RigMachine.shared(in: &rig, session)
            try rig.succeed("echo written by the host >/tmp/shared/folder/host")
            let seen = try machine.shell(
                """
                mount -t virtiofs share /run/share && cat /run/share/host && peer send file:/run/share/guest 8388608
                code=$?; umount /run/share; exit $code
                """, in: &rig)
            try rig.succeed("\(RigMachine.peer) receive file:/tmp/shared/folder/guest 8388608")
            return (seen, try rig.succeed("stat -c %s /tmp/shared/folder/guest"))
        }
        #expect(seen.hasPrefix("written by the host\n"))
        #expect(size == "8388608\n")
    }

    @Test func guestsOfOneImageShareItsPages() async throws {
        let shared = try await RigSession.use { rig, session in
            let machines = [
                try RigMachine.shared(in: &rig, session),
                try RigMachine.start(
                    "second", .compressedCloud, options: "--pmem /tmp/shared/pmem,ro",
                    modules: ["virtio_pmem", "nd_pmem", "button", "evdev"], in: &rig),
            ]
            for machine in machines {
                // A file that is read is not in the guest's page cache, but in its address space.
                try machine.shell(
                    """
                    mkdir -p /run/pmem && mount -t ext4 -o ro,dax=always /dev/pmem0 /run/pmem || exit 1
                    cached=$(awk '/^Cached/ { print $2 }' /proc/meminfo)
                    peer receive file:/run/pmem/known 33554432 || exit 1
                    [ $(($(awk '/^Cached/ { print $2 }' /proc/meminfo) - cached)) -lt 8192 ] && umount /run/pmem
                    """, in: &rig)
            }
            let second = try rig.succeed(
                "awk '/shared.pmem$/ { found = 1 } found && /^(Rss|Pss|Private_Clean|Private_Dirty):/ { print $1, $2 } /^VmFlags/ { found = 0 }' /proc/$(cat \(machines[1].folder)/pid)/smaps"
            )
            // Its power button: what a host presses when it shuts down.
            try machines[1].shell(
                "(head -c 24 /dev/input/event0 >/run/pressed; poweroff -f) >/dev/null 2>&1 &", in: &rig)
            try rig.succeed("echo power-button >\(machines[1].folder)/in")
            try machines[1].expectEnd(0, saying: "the guest powered itself off", in: &rig)
            return second
        }
        var values: [String: Int] = [:]
        for line in shared.split(separator: "\n") {
            let words = line.split(separator: " ")
            values[String(words[0]), default: 0] += Int(words[1]) ?? 0
        }
        // 32 MiB were read by both: they count half for each, and hardly a page is one's own.
        #expect(values["Rss:"] ?? 0 >= 32 << 10)
        #expect(values["Pss:"] ?? .max <= (values["Rss:"] ?? 0) / 2 + 1024)
        #expect((values["Private_Clean:"] ?? .max) + (values["Private_Dirty:"] ?? .max) <= 1024)
    }
}
