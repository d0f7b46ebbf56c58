internal import Linux
internal import OCI

extension ContainerPlan {
    /// The limits in the cgroup's terms, with the devices that every container may use.
    static func limits(_ linux: RuntimeLinux) throws(RuntimeError) -> CgroupLimits {
        let resources = linux.resources
        var limits = try CgroupLimits(resources)
        if !resources.devices.isEmpty {
            var rules: [CgroupDeviceRule] = []
            for rule in resources.devices { rules.append(try CgroupDeviceRule(rule)) }
            limits.devices = rules + usualDevices
        }
        return limits
    }

    /// What every container may use: nodes can be made of anything, and the harmless ones be opened.
    private static let usualDevices: [CgroupDeviceRule] = [
        .init(allow: true, kind: .character, major: nil, minor: nil, access: "m"),
        .init(allow: true, kind: .block, major: nil, minor: nil, access: "m"),
        .init(allow: true, kind: .character, major: 1, minor: 3, access: "rwm"),
        .init(allow: true, kind: .character, major: 1, minor: 5, access: "rwm"),
        .init(allow: true, kind: .character, major: 1, minor: 7, access: "rwm"),
        .init(allow: true, kind: .character, major: 1, minor: 8, access: "rwm"),
        .init(allow: true, kind: .character, major: 1, minor: 9, access: "rwm"),
        .init(allow: true, kind: .character, major: 5, minor: 0, access: "rwm"),
        .init(allow: true, kind: .character, major: 5, minor: 2, access: "rwm"),
        .init(allow: true, kind: .character, major: 136, minor: nil, access: "rwm"),
    ]
}

extension CgroupLimits {
    /// In the cgroup's terms, without devices. What asks for nothing (0 where there can't be a limit of 0) is nil.
    init(_ resources: RuntimeResources) throws(RuntimeError) {
        self.init()
        func asked<T: BinaryInteger>(_ value: T?) -> T? { value == 0 ? nil : value }
        memory = asked(resources.memory.limit)
        memoryReservation = asked(resources.memory.reservation)
        memoryAndSwap = asked(resources.memory.swap)
        swappiness = resources.memory.swappiness
        disableKiller = resources.memory.disableKiller
        kernelMemory = asked(resources.memory.kernel)
        kernelTCPMemory = asked(resources.memory.kernelTCP)
        isHierarchical = resources.memory.useHierarchy
        checksMemory = resources.memory.checkBeforeUpdate
        if let memory, let memoryAndSwap, memoryAndSwap > 0, memoryAndSwap < memory {
            throw .invalid("linux.resources.memory.swap: is memory and swap together, so not below the limit")
        }
        let processor = resources.processor
        processorShares = asked(processor.shares)
        processorQuota = asked(processor.quota)
        processorPeriod = asked(processor.period)
        processorBurst = processor.burst
        processorIdle = processor.idle
        realtimeRuntime = asked(processor.realtimeRuntime)
        realtimePeriod = asked(processor.realtimePeriod)
        processors = processor.cpus
        memoryNodes = processor.memories
        if let quota = processorQuota, let burst = processorBurst, quota > 0, burst > UInt64(quota) {
            throw .invalid("linux.resources.cpu.burst: is not to be more than the quota, \(quota)")
        }
        processes = resources.processes.map { $0 < 0 ? -1 : $0 }
        hugePages = resources.hugePages.map { ($0.pageSize, $0.limit) }
        networkClass = asked(resources.network.classID)
        networkPriorities = resources.network.priorities.map { ($0.name, $0.priority) }
        rdma = resources.rdma.sorted { $0.key < $1.key }.map { ($0.key, $0.value.handles, $0.value.objects) }
        unified = resources.unified
        if resources.block != RuntimeResources.Block() { block = CgroupBlockLimits(resources.block) }
    }
}

extension CgroupBlockLimits {
    init(_ limits: RuntimeResources.Block) {
        self.init()
        weight = limits.weight
        leafWeight = limits.leafWeight
        for device in limits.deviceWeights {
            let number = "\(device.major):\(device.minor)"
            if let weight = device.weight { deviceWeights.append((number, weight)) }
            if let weight = device.leafWeight { deviceLeafWeights.append((number, weight)) }
        }
        let kinds: [(Throttle.Kind, [RuntimeResources.Throttle])] = [
            (.readBytes, limits.readBytes), (.writtenBytes, limits.writtenBytes), (.reads, limits.reads),
            (.writes, limits.writes),
        ]
        for (kind, list) in kinds {
            throttles += list.map { Throttle(kind, device: "\($0.major):\($0.minor)", rate: $0.rate) }
        }
    }
}

extension CgroupDeviceRule {
    init(_ rule: RuntimeResources.DeviceRule) throws(RuntimeError) {
        guard let kind = Kind(rawValue: rule.type) else {
            throw .invalid("linux.resources.devices: \(rule.type) is no type of device")
        }
        func number(_ value: Int64?) throws(RuntimeError) -> UInt32? {
            guard let value else { return nil }
            guard let number = UInt32(exactly: value) else {
                throw .invalid("linux.resources.devices: \(value) is no device number")
            }
            return number
        }
        self.init(
            allow: rule.allow, kind: kind, major: try number(rule.major), minor: try number(rule.minor),
            access: rule.access)
    }
}
