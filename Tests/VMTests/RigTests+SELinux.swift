import TestKit
import Testing

/// SELinux, which no test host has: the rig's kernel has it built in, and one policy of these tests is loaded there.
extension RigTests {
    /// Two types of processes and one for what is mounted. It forbids nothing, for it is not enforced: which labels
    /// there are, and who gets them, is what is tried.
    private static var policyOfSELinux: String {
        let classes = [
            ("security", "load_policy"), ("process", "transition dyntransition setexec"), ("system", "module_request"),
            ("filesystem", "mount relabelto associate"), ("file", "read execute entrypoint"), ("dir", "read"),
            ("fd", "use"), ("lnk_file", "read"), ("chr_file", "read"),
        ]
        // In the order of the kernel's numbers.
        let identifiers = """
            kernel security unlabeled fs file file_labels init any_socket port netif netmsg node igmp_packet icmp_socket
            tcp_socket sysctl_modprobe sysctl sysctl_fs sysctl_kernel sysctl_net sysctl_net_unix sysctl_vm sysctl_dev
            kmod policy scmp_packet devnull
            """.split(whereSeparator: \.isWhitespace)
        let host = "all_u:object_r:host_t"
        let lines =
            classes.map { "class \($0.0)" } + identifiers.map { "sid \($0)" }
            + classes.map { "class \($0.0) { \($0.1) }" }
            + [
                "type host_t;", "type inside_t;", "type mounted_t;", "role all_r;",
                "role all_r types { host_t inside_t };", "allow host_t inside_t:process transition;",
                "user all_u roles { all_r };",
            ] + identifiers.map { "sid \($0) all_u:all_r:host_t" } + ["fs_use_xattr ext4 \(host);"]
            + ["tmpfs", "devtmpfs", "devpts", "mqueue"].map { "fs_use_trans \($0) \(host);" }
            + ["proc", "sysfs", "cgroup2", "selinuxfs"].map { "genfscon \($0) / \(host)" }
        return lines.joined(separator: "\n") + "\n"
    }

    @Test func labelsOfSELinuxAreThoseOfTheConfiguration() async throws {
        let options = RigOptions(kernelWords: ["security=selinux", "selinux=1", "enforcing=0"])
        try await Rig.run(options) { rig in
            try rig.write("/tmp/policy.conf", Array(Self.policyOfSELinux.utf8))
            try rig.succeed("mountpoint -q /sys/fs/selinux || mount -t selinuxfs selinuxfs /sys/fs/selinux")
            try rig.succeed("checkpolicy -U allow -o /tmp/policy /tmp/policy.conf")
            // In one write, as the kernel wants it.
            try rig.succeed("dd if=/tmp/policy of=/sys/fs/selinux/load bs=1M 2>&1")
            let tests = try rig.run(
                "\(RigPrograms.tests) --testing-library swift-testing --filter '^KernelTests\\.SELinux'",
                deadline: 300, echo: true)
            try RigTests.judge(tests, atLeast: 4)
        }
    }
}
