import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite("linux.resources: block devices, huge pages, network, RDMA", .serialized, .blocking, .enabled(if: isSuperuser))
struct ResourceDeviceTests {
    private static let weights =
        ResourceHost.isUnified ? ["io.weight", "io.bfq.weight"] : ["blkio.weight", "blkio.bfq.weight"]

    private static let canMountNetworkControllers = ["net_cls", "net_prio"].allSatisfy { name in
        let known = (try? Files.readText("/proc/cgroups")) ?? ""
        return known.split(separator: "\n").contains { $0.hasPrefix("\(name)\t") }
            && !Files.isDirectory("/sys/fs/cgroup/\(name)")
    }

    /// The file for weights that a new group of this host has: kernels have it or not.
    private func weightFile() throws -> String? {
        if ResourceHost.isUnified {
            // The files are those of groups below the root.
            let groups = try Files.entries(of: "/sys/fs/cgroup").filter { Files.isDirectory("/sys/fs/cgroup/\($0)") }
            return Self.weights.first { file in groups.contains { Files.exists("/sys/fs/cgroup/\($0)/\(file)") } }
        }
        let directory = "/sys/fs/cgroup/blkio/bt-weights-\(getpid())"
        guard Files.isDirectory("/sys/fs/cgroup/blkio") else { return nil }
        try Files.makeDirectory(directory)
        defer { rmdir(directory) }
        return Self.weights.first { Files.exists("\(directory)/\($0)") }
    }

    @Test func blockWeight() throws {
        let file = try weightFile()
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.block.weight = 500
            guard let file else { return try bundle.expectRefusal("blockIO.weight") }
            try bundle.whileRunning { () throws in
                let text = try ResourceHost.read(bundle, "blkio", file)
                #expect(text.contains(file == "io.weight" ? "4950" : "500"))
            }
        }
    }

    @Test func weightsOfLeavesAndDevices() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.block.leafWeight = 500
            // The scheduler that had it, CFQ, is gone since Linux 5.0.
            try bundle.expectRefusal("blockIO.leafWeight")
        }
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.block.deviceWeights = [.init(major: 9999, minor: 1, weight: 500)]
            try bundle.expectRefusal("blockIO.weightDevice")
        }
    }

    @Test(
        .enabled(if: ResourceHost.blockDevice != nil, "this host has no block device"),
        .enabled(if: ResourceHost.has(separate: "blkio/blkio.throttle.read_bps_device", unified: "io"), "no throttling")
    )
    func throttling() throws {
        let device = try #require(ResourceHost.blockDevice)
        let numbers = device.split(separator: ":").compactMap { Int64($0) }
        func throttle(_ rate: UInt64) -> [RuntimeResources.Throttle] {
            [.init(major: numbers[0], minor: numbers[1], rate: rate)]
        }
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.block.readBytes = throttle(1 << 20)
            bundle.specification.linux.resources.block.writtenBytes = throttle(2 << 20)
            bundle.specification.linux.resources.block.reads = throttle(300)
            bundle.specification.linux.resources.block.writes = throttle(400)
            try bundle.expectFigures(
                separate: [
                    "blkio/blkio.throttle.read_bps_device": "\(device) 1048576",
                    "blkio/blkio.throttle.write_bps_device": "\(device) 2097152",
                    "blkio/blkio.throttle.read_iops_device": "\(device) 300",
                    "blkio/blkio.throttle.write_iops_device": "\(device) 400",
                ],
                unified: ["io.max": "\(device) rbps=1048576 wbps=2097152 riops=300 wiops=400"])
        }
    }

    @Test func throttlingADeviceThatIsNotThereIsRefused() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.linux.resources.block.writes = [.init(major: 9999, minor: 1, rate: 1)]
            try bundle.expectRefusal("blockIO.throttleWriteIOPSDevice")
        }
    }

    @Test(.enabled(if: ResourceHost.hugePageSize != nil, "this kernel has no huge pages"))
    func hugePages() throws {
        let size = try #require(ResourceHost.hugePageSize)
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            bundle.specification.linux.resources.hugePages = [.init(pageSize: size, limit: 4 << 20)]
            let separate = Files.isDirectory("/sys/fs/cgroup/hugetlb")
            guard separate || ResourceHost.unifiedHas("hugetlb") else {
                return try bundle.expectRefusal("hugepageLimits")
            }
            // A hybrid host has the controller in its v2 tree, if none of v1 has it.
            let base = "/sys/fs/cgroup" + (separate ? "/hugetlb" : ResourceHost.isUnified ? "" : "/unified")
            let names = separate ? ["limit_in_bytes", "rsvd.limit_in_bytes"] : ["max", "rsvd.max"]
            try bundle.whileRunning { () throws in
                for name in names {
                    let text = try Files.readText("\(base)/\(bundle.id)/hugetlb.\(size).\(name)")
                    #expect(text == "4194304\n", "\(name)")
                }
            }
        }
    }

    @Test func aSizeOfHugePagesThatIsNotThereIsRefused() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.linux.resources.hugePages = [.init(pageSize: "3MB", limit: 4 << 20)]
            try bundle.expectRefusal("hugepageLimits")
        }
    }

    @Test func networkMarks() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.linux.resources.network.classID = 0x10_0001
            guard !ResourceHost.isUnified, Files.isDirectory("/sys/fs/cgroup/net_cls") else {
                return try bundle.expectRefusal("network.classID")
            }
            #expect(try bundle.run().code == 0)
        }
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.linux.resources.network.priorities = [.init(name: "lo", priority: 5)]
            guard !ResourceHost.isUnified, Files.isDirectory("/sys/fs/cgroup/net_prio") else {
                return try bundle.expectRefusal("network.priorities")
            }
            #expect(try bundle.run().code == 0)
        }
    }

    /// Hierarchies that this host does not have mounted are, for the time of the test, in a mount namespace of its own.
    @Test(
        .enabled(if: !ResourceHost.isUnified, "v2 has none"),
        .enabled(if: canMountNetworkControllers, "mounted already, or not in this kernel"),
        arguments: ["net_cls", "net_prio"])
    func networkMarksWhereTheHostHasThem(_ controller: String) throws {
        try withBundle(
            script(
                "cat /sys/fs/cgroup/\(controller)/\(controller == "net_cls" ? "net_cls.classid" : "net_prio.ifpriomap")"
            )
        ) {
            bundle throws in
            bundle.specification.linux.resources.network.classID = controller == "net_cls" ? 1_048_577 : nil
            if controller == "net_prio" {
                bundle.specification.linux.resources.network.priorities = [.init(name: "lo", priority: 5)]
                bundle.specification.linux.namespaces.removeAll { $0.kind == .network }
            }
            try bundle.write()
            let mount = """
                set -e
                mkdir \(bundle.resources.directory)/old
                mount --rbind /sys/fs/cgroup \(bundle.resources.directory)/old
                mount -t tmpfs none /sys/fs/cgroup
                for d in \(bundle.resources.directory)/old/*/; do
                    n=$(basename $d); mkdir /sys/fs/cgroup/$n; mount --bind $d /sys/fs/cgroup/$n
                done
                mkdir /sys/fs/cgroup/\(controller)
                mount -t cgroup -o \(controller) none /sys/fs/cgroup/\(controller)
                \(bundle.runtime) --root \(bundle.resources.directory)/state run -b \(bundle.directory) \(bundle.id)
                """
            let result = try Command.run("/usr/bin/unshare", ["-m", "/bin/sh", "-c", mount], in: bundle.resources)
            #expect(result.code == 0, "\(result.error)")
            #expect(result.lines.contains(controller == "net_cls" ? "1048577" : "lo 5"), "\(result.output)")
        }
    }

    @Test func rdmaDevicesThatAreNotThereAreRefused() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.linux.resources.rdma = ["mlx5_1": .init(handles: 3, objects: 10_000)]
            try bundle.expectRefusal("rdma")
        }
    }
}
