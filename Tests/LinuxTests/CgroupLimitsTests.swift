import Testing

@testable import Linux

@Suite("limits as files of control groups")
struct CgroupLimitsTests {
    private func lines(_ writes: [CgroupWrite]) -> [String] {
        writes.map { write in write.choices.map { "\($0.file)=\($0.value)" }.joined(separator: "|") }
    }

    @Test(
        arguments: [
            (0, 1), (2, 1), (3, 2), (128, 21), (512, 59), (1024, 100), (2048, 174), (262_143, 10_000),
            (262_144, 10_000),
            (.max, 10_000),
        ] as [(UInt64, UInt64)])
    func sharesBecomeWeights(_ shares: UInt64, _ weight: UInt64) {
        #expect(CgroupLimits.weight(ofShares: shares) == weight)
    }

    @Test func memoryInBothVersions() {
        var limits = CgroupLimits()
        limits.memory = 100
        limits.memoryAndSwap = 150
        limits.memoryReservation = -1
        #expect(lines(limits.unifiedWrites()) == ["memory.swap.max=50", "memory.max=100", "memory.low=max"])
        #expect(
            lines(limits.separateWrites()) == [
                "memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=150", "memory.soft_limit_in_bytes=-1",
            ])
        #expect(
            lines(limits.separateWrites(raisesSwap: true)).prefix(2) == [
                "memory.memsw.limit_in_bytes=150", "memory.limit_in_bytes=100",
            ])
    }

    @Test func blockWeightsInBothVersions() {
        var limits = CgroupLimits()
        limits.block.weight = 1000
        limits.block.deviceWeights = [("8:0", 10)]
        limits.block.throttles = [.init(.readBytes, device: "8:0", rate: 0), .init(.writes, device: "8:0", rate: 7)]
        #expect(
            lines(limits.unifiedWrites()) == [
                "io.bfq.weight=1000|io.weight=10000", "io.bfq.weight=8:0 10|io.weight=8:0 1", "io.max=8:0 rbps=max",
                "io.max=8:0 wiops=7",
            ])
        #expect(
            lines(limits.separateWrites()) == [
                "blkio.weight=1000|blkio.bfq.weight=1000", "blkio.weight_device=8:0 10|blkio.bfq.weight_device=8:0 10",
                "blkio.throttle.read_bps_device=8:0 0", "blkio.throttle.write_iops_device=8:0 7",
            ])
    }

    @Test func ownFilesOfTheUnifiedTreeAreWrittenLineByLine() {
        var limits = CgroupLimits()
        limits.unified = ["io.max": "259:0 rbps=2097152\n253:0 wiops=120\n", "cgroup.max.depth": "4"]
        let writes = limits.unifiedWrites()
        #expect(lines(writes) == ["cgroup.max.depth=4", "io.max=259:0 rbps=2097152", "io.max=253:0 wiops=120"])
        #expect(writes.map(\.controller) == [nil, .blkio, .blkio])
    }

    @Test func rdmaInBothVersions() {
        var limits = CgroupLimits()
        limits.rdma = [("mlx5_1", 3, 10_000), ("rxe3", nil, 5)]
        let expected = ["rdma.max=mlx5_1 hca_handle=3 hca_object=10000", "rdma.max=rxe3 hca_object=5"]
        #expect(lines(limits.unifiedWrites()) == expected)
        #expect(lines(limits.separateWrites()) == expected)
    }

    @Test func whatTheUnifiedTreeCannotDoIsKnown() {
        var limits = CgroupLimits()
        #expect(limits.impossibleInUnified == nil)
        limits.networkClass = 5
        #expect(limits.impossibleInUnified == "network.classID")
        limits.swappiness = 5
        #expect(limits.impossibleInUnified == "memory.swappiness")
    }
}
