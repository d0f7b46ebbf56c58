import Glibc
import Linux
import OCI
import TestKit
import Testing

/// bulkhead-runtime on a host that is nothing but its initial RAM disk, whose root pivot_root refuses.
@Suite(
    "rig: an initial RAM disk", .serialized, .blocking,
    .enabled(if: RigImage.obstacle == nil, Comment(rawValue: RigImage.obstacle ?? "")))
struct RamDiskTests {
    /// Boots the rig's kernel with a bundle as /bundle, and gives what a script there prints.
    private func boot(_ specification: RuntimeSpecification, _ check: String) throws -> [String] {
        try withTestResources { resources in
            let tree = "\(resources.directory)/tree"
            for name in ["bin", "proc", "sys", "dev", "tmp", "bundle/rootfs/bin"] {
                try Files.makeDirectories("\(tree)/\(name)")
            }
            try Command.copy(try Command.built("bulkhead-runtime"), to: "\(tree)/bin/bulkhead-runtime")
            for place in ["bin", "bundle/rootfs/bin"] {
                try Command.copy("/bin/busybox", to: "\(tree)/\(place)/busybox")
                for name in ["sh", "ls", "mount", "poweroff"] { symlink("busybox", "\(tree)/\(place)/\(name)") }
            }
            try Files.write("\(tree)/bundle/config.json", specification.json.encoded)
            let first = """
                #!/bin/sh
                mount -t devtmpfs none /dev && mount -t proc none /proc && mount -t sysfs none /sys &&
                    mount -t cgroup2 none /sys/fs/cgroup
                echo; echo BEGIN
                \(check)
                echo END
                poweroff -f
                """
            try Files.write("\(tree)/init", Array(first.utf8), mode: 0o755)
            let kernel = try RigImage.current().kernel
            let script = """
                set -e
                mknod \(tree)/dev/console c 5 1
                cd \(tree)
                find . | cpio --quiet -o -H newc -R 0:0 >../initrd
                timeout -s KILL 300 qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -M q35 \\
                    -accel tcg -cpu \(RigEmulator.processor) -m 512 -kernel \(kernel) -initrd ../initrd -serial stdio \\
                    -append 'console=ttyS0 panic=-1 quiet loglevel=1 tsc=reliable cryptomgr.notests'
                """
            let result = try Command.run("/bin/sh", ["-c", script], in: resources)
            let lines = result.output.split(whereSeparator: \.isNewline).map(String.init)
            let begin = try #require(lines.firstIndex(of: "BEGIN"), "\(result.error)\(result.output.suffix(2000))")
            let end = try #require(lines.firstIndex(of: "END"), "\(result.output.suffix(2000))")
            return Array(lines[(begin + 1)..<end])
        }
    }

    /// What runs in the container: the usual of a bundle, but for control groups.
    private func specification(_ arguments: [String]) -> RuntimeSpecification {
        var specification = RuntimeSpecification()
        specification.root = RuntimeRoot(path: "rootfs")
        var process = RuntimeProcess()
        process.arguments = arguments
        process.environment = ["PATH=/bin"]
        specification.process = process
        specification.mounts = [
            .init(destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"])
        ]
        specification.linux.namespaces = [.init(.pid), .init(.ipc), .init(.uts), .init(.mount)]
        return specification
    }

    @Test func containersRunWithoutPivotOnly() throws {
        let said = try boot(
            specification(["/bin/ls", "-1", "/"]),
            """
            bulkhead-runtime run -b /bundle refused 2>&1; echo code $?
            bulkhead-runtime run --no-pivot -b /bundle made 2>&1; echo code $?
            bulkhead-runtime list -q
            """)
        #expect(said.first?.contains("initial RAM disk; use --no-pivot") == true)
        #expect(said.dropFirst() == ["code 1", "bin", "dev", "proc", "code 0"])
    }
}
