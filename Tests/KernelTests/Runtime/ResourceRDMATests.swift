import Linux
import OCI
import TestKit
import Testing

/// Hosts have such a device by RigKernelTests, in whose rig Ethernet plays one.
@Suite(
    "linux.resources.rdma: a device that is there", .serialized, .blocking,
    .enabled(if: isSuperuser && ResourceHost.deviceRDMA != nil, "no RDMA device"),
    .enabled(if: ResourceHost.isUnified && ResourceHost.unifiedHas("rdma"), "no control group of v2 for RDMA"))
struct ResourceRDMATests {
    private let device = ResourceHost.deviceRDMA ?? ""

    /// The limits of a container's group.
    private func limits(_ bundle: RuntimeBundle) throws -> String {
        // Each of the kernel's lines ends with a space.
        try ResourceHost.read(bundle, "rdma", "rdma.max").split(separator: " ").joined(separator: " ")
    }

    @Test(
        arguments: [
            (3, 10_000, "hca_handle=3 hca_object=10000"), (0, nil, "hca_handle=0 hca_object=max"),
            (nil, 1, "hca_handle=max hca_object=1"),
        ] as [(UInt32?, UInt32?, String)])
    func limitsAreThoseOfTheConfiguration(_ handles: UInt32?, _ objects: UInt32?, _ expected: String) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.rdma = [device: .init(handles: handles, objects: objects)]
            try bundle.whileRunning { () throws in #expect(try limits(bundle) == "\(device) \(expected)") }
        }
    }

    @Test func updateChangesWhatItNames() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.rdma = [device: .init(handles: 3, objects: 10_000)]
            try bundle.whileRunning { () throws in
                let changed = try bundle.command(
                    ["update", "-r", "-", bundle.id], input: #"{"rdma": {"\#(device)": {"hcaHandles": 5}}}"#)
                #expect(changed.code == 0, "\(changed.error)")
                #expect(try limits(bundle) == "\(device) hca_handle=5 hca_object=10000")
                let refused = try bundle.command(
                    ["update", "-r", "-", bundle.id], input: #"{"rdma": {"mlx5_1": {"hcaHandles": 5}}}"#)
                #expect(refused.code == 1, "\(refused.error)")
                #expect(
                    refused.error.contains("linux.resources.rdma") && refused.error.contains("mlx5_1"),
                    "\(refused.error)")
                #expect(try limits(bundle) == "\(device) hca_handle=5 hca_object=10000")
                #expect(try bundle.exec(["/bin/true"]).code == 0)
            }
        }
    }

    /// An update is also what makes the first limit.
    @Test func updateLimitsAContainerThatHadNoLimit() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let changed = try bundle.command(
                    ["update", "-r", "-", bundle.id], input: #"{"rdma": {"\#(device)": {"hcaObjects": 7}}}"#)
                #expect(changed.code == 0, "\(changed.error)")
                #expect(try limits(bundle) == "\(device) hca_handle=max hca_object=7")
            }
        }
    }

    @Test func aDeviceThatIsNotThereIsNamedAndLeavesNothing() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            // Beside one that is there.
            let limit = RuntimeResources.RDMALimit(handles: 3, objects: nil)
            bundle.specification.linux.resources.rdma = [device: limit, "mlx5_1": limit]
            try bundle.expectRefusal("rdma", "mlx5_1")
            #expect(try !bundle.command(["list", "-q"]).output.contains(bundle.id))
        }
    }

    /// What a program in the container is told that opens the device: a handle is what its first command takes.
    @Test(arguments: [(0, "Resource temporarily unavailable"), (1, "opened")] as [(UInt32, String)])
    func theLimitHoldsInTheContainer(_ handles: UInt32, _ expected: String) throws {
        // struct ib_uverbs_cmd_hdr and ib_uverbs_get_context, the latter's answer in 8 bytes.
        let text = """
            open(F, '+<', '/dev/uverbs') or die "open: $!";
            $answer = "\\0" x 8;
            print syswrite(F, pack('L S S P', 0, 4, 2, $answer)) ? "opened\\n" : "$!\\n";
            """
        try withBundle(["/usr/bin/perl", "-e", text]) { bundle throws in
            let numbers = try Files.readText("/sys/class/infiniband_verbs/uverbs0/dev")
                .split { $0 == ":" || $0 == "\n" }.compactMap { UInt32($0) }
            try #require(numbers.count == 2)
            bundle.specification.linux.devices = [
                .init(type: "c", path: "/dev/uverbs", major: numbers[0], minor: numbers[1])
            ]
            bundle.specification.linux.resources.devices.append(
                .init(allow: true, type: "c", major: Int64(numbers[0]), minor: Int64(numbers[1]), access: "rwm"))
            for name in ["usr", "lib", "lib64"] {
                bundle.specification.mounts.append(
                    .init(destination: "/\(name)", source: "/\(name)", options: ["rbind", "ro"]))
            }
            bundle.specification.linux.namespaces.removeAll { $0.kind == .network }
            bundle.specification.linux.resources.rdma = [device: .init(handles: handles, objects: nil)]
            let result = try bundle.run()
            #expect(result.output == "\(expected)\n", "\(result.error)")
        }
    }

    /// v1 has the controller for as long as v2 does not use it: its tree is mounted in a namespace of its own, as the tree of
    /// the other controllers is where hybrid hosts have it.
    @Test func limitsOnVersionOne() throws {
        try withBundle(script("cat /sys/fs/cgroup/rdma/rdma.max")) { bundle throws in
            bundle.specification.linux.resources.rdma = [device: .init(handles: 3, objects: 10_000)]
            // No tree of v1 for those here.
            bundle.specification.linux.resources.devices = []
            try bundle.write()
            // The kernel gives it up some time after the last group that had it.
            let program = """
                set -e
                mkdir \(bundle.resources.directory)/v2
                mount --bind /sys/fs/cgroup \(bundle.resources.directory)/v2
                echo -rdma >/sys/fs/cgroup/cgroup.subtree_control
                mount -t tmpfs none /sys/fs/cgroup
                mkdir /sys/fs/cgroup/unified /sys/fs/cgroup/rdma
                mount --bind \(bundle.resources.directory)/v2 /sys/fs/cgroup/unified
                until mount -t cgroup -o rdma none /sys/fs/cgroup/rdma; do sleep 0.1; done
                exec \(bundle.runtime) --root \(bundle.resources.directory)/state run -b \(bundle.directory) \(bundle.id)
                """
            let result = try Command.run("/usr/bin/unshare", ["-m", "/bin/sh", "-c", program], in: bundle.resources)
            let words = result.output.split(whereSeparator: \.isWhitespace)
            #expect(words == [device[...], "hca_handle=3", "hca_object=10000"], "\(result.error)")
        }
    }
}
