import Foundation
import TestKit
import Testing

/// How machines end, and what is left of them.
extension RigVMMTests {
    /// The disk's file is on a file system whose own disk is a file, and which writes nothing by itself: what that has is what
    /// a host has after its power was cut.
    @Test func whatWasFlushedSurvivesTheKillOfALargeMachineAndNothingElseDoes() async throws {
        let (left, code, seen) = try await RigSession.use { rig, _ in
            try RigVMMTests.mount(in: &rig)
            try rig.succeed(
                """
                set -e
                mkdir -p /tmp/stable /tmp/cut /tmp/folder
                truncate -s 128M /tmp/platter && mkfs.ext4 -q /tmp/platter && mount -o loop /tmp/platter /tmp/stable
                echo 0 >/proc/sys/vm/dirty_writeback_centisecs
                truncate -s 64M /tmp/stable/disk && sync -f /tmp/stable/disk
                cat /proc/mounts >/tmp/mounts; find /sys/fs/cgroup -type d >/tmp/groups
                """)
            try RigMachine.serve("/tmp/folder", at: "/tmp/server", in: &rig)
            let options = "--memory 4096 --processors 2 --disk /tmp/stable/disk --share share:/tmp/server"
            let machine = try RigMachine.start(
                "large", options: options, modules: ["virtio_blk", "virtiofs"], in: &rig)
            // Through the guest's page cache, written out by fsync alone.
            try machine.shell("peer send file:/dev/vda 16777216", in: &rig)
            // And written to the disk, but never flushed.
            try machine.shell(
                "yes | dd of=/dev/vda seek=32 bs=1M count=1 iflag=fullblock oflag=direct 2>&1 && mount -t virtiofs share /mnt",
                in: &rig)
            let seen = try machine.shell("nproc; grep MemTotal /proc/meminfo", in: &rig)
            try rig.succeed("cp --sparse=always /tmp/platter /tmp/platter-cut")
            // In the midst of other writes.
            _ = try rig.run(
                "echo 'dd if=/dev/zero of=/dev/vda seek=33 bs=1M count=8 oflag=direct' | timeout 1 \(machine.words)")
            try rig.succeed("kill -9 $(cat \(machine.folder)/pid)")
            let code = try machine.end(in: &rig)
            try rig.succeed(
                """
                set -e
                \(RigMachine.peer) receive file:/tmp/stable/disk 16777216
                mount -o loop /tmp/platter-cut /tmp/cut
                \(RigMachine.peer) receive file:/tmp/cut/disk 16777216
                dd if=/tmp/stable/disk bs=1M skip=32 count=1 2>/dev/null | grep -q y
                if dd if=/tmp/cut/disk bs=1M skip=32 count=1 2>/dev/null | grep -q y; then exit 3; fi
                umount /tmp/cut
                """)
            // Its server of the folder ends by itself.
            let left = try rig.succeed(
                """
                for turn in $(seq 100); do ps -e -o args | grep -q '[s]ocket-path=/tmp/server' || break; sleep 0.1; done
                diff /tmp/mounts /proc/mounts
                find /sys/fs/cgroup -type d | diff /tmp/groups - | grep '^>' | grep -i -e vmm -e bulkhead -e large
                ps -e -o args | grep -e '[v]m/large' -e '[s]ocket-path=/tmp/server'
                umount /tmp/stable; echo 500 >/proc/sys/vm/dirty_writeback_centisecs
                """)
            return (left, code, seen)
        }
        #expect(code == 128 + 9)
        #expect(left == "")
        #expect(seen.hasPrefix("2\n"))
        let kilobytes = try #require(seen.split(whereSeparator: \.isWhitespace).dropFirst(2).first.flatMap { Int($0) })
        #expect((3_800_000...(4 << 20)).contains(kilobytes))
    }

    @Test func aGuestThatResetsItselfIsReported() async throws {
        try await RigSession.use { rig, session in
            try RigVMMTests.mount(in: &rig)
            let machine = try RigMachine.start("resets", in: &rig)
            _ = try rig.run("echo 'reboot -f' | timeout 20 \(machine.words)")
            try machine.expectEnd(72, saying: "the guest reset itself", in: &rig)
        }
    }

    @Test func anotherKernelRunsAndItsPanicIsReported() async throws {
        try await RigSession.use { rig, _ in
            try RigVMMTests.mount(in: &rig)
            try rig.succeed("truncate -s 16M /tmp/other")
            let machine = try RigMachine.start(
                "other", .generic, options: "--memory 512 --processors 2 --disk /tmp/other",
                modules: ["virtio_blk", "pvpanic-mmio"], in: &rig)
            let release = try machine.shell("uname -r; nproc; peer send direct:/dev/vda 8388608", in: &rig)
            try check(release.contains("-amd64\n2\n") && !release.contains("cloud"), release)
            try rig.succeed("\(RigMachine.peer) receive file:/tmp/other 8388608")
            _ = try rig.run("echo 'echo c >/proc/sysrq-trigger' | timeout 20 \(machine.words)")
            try machine.expectEnd(71, saying: "the guest's kernel panicked", in: &rig)
            try rig.succeed("grep -q 'Kernel panic - not syncing: sysrq' \(machine.folder)/console")
        }
    }

    /// Twenty of the tiny guest, each with devices; and as many of Linux as there is time for.
    @Test func twentyMachinesRunAtOnce() async throws {
        let linux = ProcessInfo.processInfo.environment["BULKHEAD_VM_CROWD"].flatMap { Int($0) } ?? 2
        try await RigSession.use { rig, _ in
            try RigVMMTests.mount(in: &rig)
            let codes = try rig.run(
                """
                mkdir -p /tmp/crowd && cd /tmp/crowd
                processes=
                for number in $(seq 20); do
                    mkfifo in$number
                    truncate -s 1M disk$number
                    /host/bin/bulkhead-vmm --boot \(RigMachine.disk)/tiny --command-line halt --memory 64 --balloon \\
                        --disk disk$number --vsock $((number + 2)):v$number <>in$number >out$number 2>log$number &
                    processes="$processes $!"
                done
                for number in $(seq 20); do timeout 200 grep -q -m 1 ready <(tail -n +1 -f log$number) || exit 1; done
                ps -C bulkhead-vmm -o stat= | wc -l
                for number in $(seq 20); do echo stop >in$number; done
                codes=
                for process in $processes; do wait $process; codes="$codes $?"; done
                printf '%s\\n' $codes | sort | uniq -c
                """)
            let lines = codes.output.split(separator: "\n")
            try check(Int(lines.first?.filter(\.isNumber) ?? "") ?? 0 >= 20, "\(codes.output)\(codes.error)")
            try check(lines.last?.split(separator: " ") == ["20", "75"], "\(codes.output)\(codes.error)")

            var machines: [RigMachine] = []
            for number in 0..<linux {
                machines.append(try RigMachine.start("crowd\(number)", options: "--memory 160", in: &rig))
            }
            for (number, machine) in machines.enumerated() {
                let said = try machine.shell("echo \(number) >/run/mine; cat /run/mine", in: &rig)
                try check(said == "\(number)\n", said)
            }
            for machine in machines {
                try rig.succeed("echo stop >\(machine.folder)/in")
                try machine.expectEnd(75, in: &rig)
            }
        }
    }

    /// The disk with the guests' kernels.
    private static func mount(in rig: inout Rig) throws {
        try rig.succeed("mountpoint -q \(RigMachine.disk) || mount -t erofs -o ro /dev/vdc \(RigMachine.disk)")
    }
}
