import ContainerRuntime
import Glibc
import Linux
import OCI

extension RuntimeProgram {
    static func events(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        var once = false
        var interval: Int64 = 5_000
        try words.options { name, value, words throws(CommandError) in
            switch name {
            case "stats": once = true
            case "interval": interval = try milliseconds(try value(&words))
            default: return false
            }
            return true
        }
        let id = try words.required("container's id")
        try words.end()
        let store = StateStore(root: global.root)
        let record = try store.record(id)
        guard store.status(record) != .stopped else {
            throw .wrongState("container with id \(id) is not running")
        }
        let container = try store.adopt(record)
        try runtime(printStatistics(container))
        if !once { try follow(container, interval) }
        return 0
    }

    /// Tells of it in intervals, and whenever memory has run out, until the container ends.
    private static func follow(_ container: borrowing RunningContainer, _ interval: Int64) throws(CommandError) {
        let loop = try kernel(EventLoop())
        var ended = false
        try kernel(loop.add(container.processDescriptor.rawValue, .readable) { _ in ended = true })
        var kills = container.outOfMemoryKills
        let memory = try runtime(container.outOfMemoryDescriptor()?.release())
        defer { if let memory { _ = Descriptor(adopting: memory) } }
        let (id, group) = (container.id, container.cgroup)
        let outOfMemory = {
            let now = group.outOfMemoryKills
            guard now > kills else { return }
            kills = now
            print(JSON.object(["type": "oom", "id": .string(id)]))
            fflush(nil)
        }
        if let memory {
            try kernel(
                loop.add(memory, .readable) { _ in
                    let event = Descriptor(adopting: memory)
                    // What has woken us says nothing more: the counter does.
                    _ = try? event.read(upTo: 4096)
                    _ = event.release()
                    outOfMemory()
                })
        }
        var next = Clock.monotonicMilliseconds + interval
        while !ended {
            try kernel(loop.turn(waitingAtMost: max(next - Clock.monotonicMilliseconds, 0)))
            if !ended && Clock.monotonicMilliseconds >= next {
                try runtime(printStatistics(container))
                next += interval
            }
        }
        outOfMemory()
    }

    private static func printStatistics(_ container: borrowing RunningContainer) throws(RuntimeError) {
        let data = try container.statistics().json(container.cgroup.details())
        print(JSON.object(["type": "stats", "id": .string(container.id), "data": data]))
        fflush(nil)
    }

    /// `5s`, `500ms`, `1m30s`: as Go writes times.
    private static func milliseconds(_ text: String) throws(CommandError) -> Int64 {
        let wrong = CommandError.usage("--interval: \(text) is no time such as 5s, 500ms or 1m30s")
        let units: [String: Double] = ["h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1]
        var rest = text[...]
        var sum = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let factor = units[String(unit)] else { throw wrong }
            sum += number * factor
        }
        guard sum >= 1, sum < 1e12 else { throw wrong }
        return Int64(sum)
    }
}

extension ContainerStatistics {
    /// As `runc events` tells it.
    fileprivate func json(_ details: CgroupDetails) -> JSON {
        [
            "cpu": [
                "usage": [
                    "total": JSON(cgroup.processorTotal), "kernel": JSON(cgroup.processorKernel),
                    "user": JSON(cgroup.processorUser), "percpu": .array(details.processors.map { JSON($0) }),
                ],
                "throttling": [
                    "periods": JSON(cgroup.periods), "throttledPeriods": JSON(cgroup.throttledPeriods),
                    "throttledTime": JSON(cgroup.throttledTime),
                ],
            ],
            "cpuset": [:],
            "memory": [
                "cache": JSON(details.cache), "usage": details.memory.json, "swap": details.swap.json,
                "kernel": details.kernel.json, "kernelTCP": details.kernelTCP.json,
                "raw": .object(cgroup.memoryDetails.mapValues { JSON($0) }),
            ],
            "pids": .members([
                "current": JSON(cgroup.processes), "limit": cgroup.processLimit.map { JSON($0) },
            ]),
            "blkio": .members([
                "ioServiceBytesRecursive": details.blockBytes.isEmpty
                    ? nil : .array(details.blockBytes.map { $0.json }),
                "ioServicedRecursive": details.blockOperations.isEmpty
                    ? nil : .array(details.blockOperations.map { $0.json }),
            ]),
            "hugetlb": .object(details.hugePages.mapValues { $0.hugePagesJSON }),
            "intel_rdt": [:],
            "network_interfaces": .array(interfaces.sorted { $0.key < $1.key }.map { $1.json(named: $0) }),
        ]
    }
}

extension ContainerStatistics.InterfaceCounters {
    fileprivate func json(named name: String) -> JSON {
        [
            "Name": .string(name), "RxBytes": JSON(receivedBytes), "RxPackets": JSON(receivedPackets),
            "RxErrors": JSON(receivedErrors), "RxDropped": JSON(receivedDropped), "TxBytes": JSON(sentBytes),
            "TxPackets": JSON(sentPackets), "TxErrors": JSON(sentErrors), "TxDropped": JSON(sentDropped),
        ]
    }
}

extension CgroupDetails.Amount {
    fileprivate var json: JSON {
        ["limit": JSON(limit), "usage": JSON(usage), "max": JSON(maximum), "failcnt": JSON(failures)]
    }

    fileprivate var hugePagesJSON: JSON {
        ["usage": JSON(usage), "max": JSON(maximum), "failcnt": JSON(failures)]
    }
}

extension CgroupDetails.BlockFigure {
    fileprivate var json: JSON {
        ["major": JSON(major), "minor": JSON(minor), "op": .string(operation), "value": JSON(value)]
    }
}
