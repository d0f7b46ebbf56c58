internal import Linux
internal import OCI

extension ContainerPlan {
    /// The limits in the cgroup's terms.
    static func limits(_ linux: RuntimeLinux) throws(RuntimeError) -> CgroupLimits {
        let resources = linux.resources
        var limits = CgroupLimits()
        limits.memory = resources.memory.limit.flatMap { $0 == 0 ? nil : $0 }
        limits.memoryReservation = resources.memory.reservation.flatMap { $0 == 0 ? nil : $0 }
        limits.memoryAndSwap = resources.memory.swap.flatMap { $0 == 0 ? nil : $0 }
        limits.swappiness = resources.memory.swappiness
        limits.disableKiller = resources.memory.disableKiller
        if let memory = limits.memory, let swap = limits.memoryAndSwap, swap > 0, swap < memory {
            throw .invalid("linux.resources.memory.swap: is memory and swap together, so not below the limit")
        }
        limits.processorShares = resources.processor.shares.flatMap { $0 == 0 ? nil : $0 }
        limits.processorQuota = resources.processor.quota.flatMap { $0 == 0 ? nil : $0 }
        limits.processorPeriod = resources.processor.period.flatMap { $0 == 0 ? nil : $0 }
        limits.processorBurst = resources.processor.burst
        limits.processorIdle = resources.processor.idle
        limits.processors = resources.processor.cpus
        limits.memoryNodes = resources.processor.memories
        limits.processes = resources.processes.map { $0 <= 0 ? -1 : $0 }
        limits.blockWeight = resources.blockWeight
        limits.unified = resources.unified
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
