import OCI
import Testing

@Suite("linux.resources")
struct RuntimeResourcesTests {
    private func read(_ text: String) throws -> RuntimeResources {
        try RuntimeResources(JSONField(JSON(parsing: Array(text.utf8)), path: "linux.resources"))
    }

    static let everything = #"""
        {"memory": {"limit": 1, "reservation": 2, "swap": 3, "kernel": -1, "kernelTCP": 4, "swappiness": 5,
          "disableOOMKiller": true, "useHierarchy": true, "checkBeforeUpdate": true},
         "cpu": {"shares": 6, "quota": 7, "burst": 8, "period": 9, "realtimeRuntime": 10, "realtimePeriod": 11,
          "cpus": "2-3", "mems": "0-7", "idle": 1},
         "pids": {"limit": 0},
         "blockIO": {"weight": 10, "leafWeight": 11, "weightDevice": [{"major": 8, "minor": 0, "weight": 500}],
          "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 600}],
          "throttleWriteBpsDevice": [{"major": 8, "minor": 1, "rate": 601}],
          "throttleReadIOPSDevice": [{"major": 8, "minor": 2, "rate": 602}],
          "throttleWriteIOPSDevice": [{"major": 8, "minor": 16, "rate": 300}]},
         "hugepageLimits": [{"pageSize": "2MB", "limit": 18446744073709551615}],
         "network": {"classID": 1048577, "priorities": [{"name": "eth0", "priority": 500}]},
         "rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10000}, "rxe3": {"hcaObjects": 1}},
         "unified": {"hugetlb.1GB.max": "1073741824"}}
        """#

    @Test func everyPropertyIsRead() throws {
        let resources = try read(Self.everything)
        #expect(resources.memory.kernel == -1 && resources.memory.kernelTCP == 4)
        #expect(resources.memory.useHierarchy == true && resources.memory.checkBeforeUpdate)
        #expect(resources.processor.realtimeRuntime == 10 && resources.processor.realtimePeriod == 11)
        #expect(resources.processes == 0)
        #expect(resources.block.deviceWeights == [.init(major: 8, minor: 0, weight: 500)])
        #expect(resources.block.writes == [.init(major: 8, minor: 16, rate: 300)])
        #expect(resources.hugePages == [.init(pageSize: "2MB", limit: .max)])
        #expect(resources.network.priorities == [.init(name: "eth0", priority: 500)])
        #expect(resources.rdma["rxe3"] == .init(handles: nil, objects: 1))
    }

    @Test func writingAndReadingGivesTheSame() throws {
        var specification = RuntimeSpecification()
        specification.linux.resources = try read(Self.everything)
        #expect(try RuntimeSpecification(json: specification.json) == specification)
    }

    @Test(arguments: [
        (#"{"memory": {"limit": -2}}"#, "memory.limit"),
        (#"{"memory": {"swappiness": 101}}"#, "memory.swappiness"),
        (#"{"cpu": {"idle": 2}}"#, "cpu.idle"),
        (#"{"cpu": {"shares": -1}}"#, "cpu.shares"),
        (#"{"blockIO": {"weight": 5}}"#, "blockIO.weight"),
        (#"{"blockIO": {"weightDevice": [{"major": 8, "minor": 0}]}}"#, "blockIO.weightDevice[0]"),
        (
            #"{"blockIO": {"throttleReadBpsDevice": [{"major": 8, "minor": 0}]}}"#,
            "blockIO.throttleReadBpsDevice[0].rate"
        ),
        (#"{"hugepageLimits": [{"pageSize": "../2MB", "limit": 1}]}"#, "hugepageLimits[0].pageSize"),
        (#"{"network": {"priorities": [{"name": "eth0"}]}}"#, "network.priorities[0].priority"),
        (#"{"rdma": {"mlx": {}}}"#, "rdma.mlx"),
        (#"{"unified": {"memory.high": 5}}"#, "unified.memory.high"),
        (#"{"devices": [{"allow": true, "access": "rx"}]}"#, "devices[0].access"),
    ])
    func whatIsWrongIsNamed(_ text: String, _ path: String) {
        #expect { try read(text) } throws: { ($0 as? JSONError)?.path == "linux.resources.\(path)" }
    }
}
