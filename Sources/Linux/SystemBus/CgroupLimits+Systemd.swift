extension CgroupLimits {
    /// The limits that systemd has properties for, as it wants them; `unified` is cgroup v2.
    func systemdProperties(unified: Bool) -> [(String, BusValue)] {
        var properties: [(String, BusValue)] = []
        func add(_ name: String, _ number: UInt64?) {
            if let number { properties.append((name, .unsigned64(number))) }
        }
        func bytes(_ number: Int64?) -> UInt64? { number.map { $0 < 0 ? .max : UInt64($0) } }
        add(unified ? "MemoryMax" : "MemoryLimit", bytes(memory))
        if unified {
            add("MemoryLow", bytes(memoryReservation))
            if let total = memoryAndSwap ?? (memory == -1 ? -1 : nil) {
                add("MemorySwapMax", bytes(total < 0 ? -1 : max(total - max(memory ?? 0, 0), 0)))
            }
        }
        if processorIdle != 1, let shares = processorShares {
            add(unified ? "CPUWeight" : "CPUShares", unified ? CgroupLimits.weight(ofShares: shares) : shares)
        }
        if let period = processorPeriod { add("CPUQuotaPeriodUSec", period) }
        if let quota = processorQuota {
            add("CPUQuotaPerSecUSec", CgroupLimits.quotaPerSecond(quota, period: processorPeriod ?? 100_000))
        }
        if let processes { add("TasksMax", processes < 0 ? .max : UInt64(max(processes, 1))) }
        if unified {
            if let set = processors.flatMap(CgroupLimits.bits) {
                properties.append(("AllowedCPUs", .array(of: "y", set.map { .byte($0) })))
            }
            if let set = memoryNodes.flatMap(CgroupLimits.bits) {
                properties.append(("AllowedMemoryNodes", .array(of: "y", set.map { .byte($0) })))
            }
        } else if let weight = block.weight {
            add("BlockIOWeight", UInt64(weight))
        }
        return properties
    }

    /// Microseconds in each second; systemd has a grain of 10 ms, to which it is rounded up, as runc does.
    static func quotaPerSecond(_ quota: Int64, period: UInt64) -> UInt64 {
        guard quota > 0, period > 0 else { return .max }
        let (product, overflow) = UInt64(quota).multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return .max }
        let perSecond = product / period
        let (rounded, tooMuch) = perSecond.addingReportingOverflow(9_999)
        return tooMuch ? .max : rounded / 10_000 * 10_000
    }

    /// `0-3,9` as a set of bits, the lowest in the first byte; nil for what is no such list, which the kernel refuses.
    static func bits(_ list: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0.filter { $0 != " " && $0 != "\n" }) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last, last < 1 << 16 else {
                return nil
            }
            for number in first...last {
                while bytes.count <= number / 8 { bytes.append(0) }
                bytes[number / 8] |= 1 << UInt8(number % 8)
            }
        }
        return bytes
    }
}

extension SystemdScope {
    /// systemd keeps a list of devices of its own, which must not deny what ours allows; ours decides.
    static func deviceProperties(_ rules: [CgroupDeviceRule]?) -> [(String, BusValue)] {
        guard let rules else { return [] }
        let start = rules.lastIndex { $0.isEverything } ?? 0
        if rules[start].isEverything && rules[start].allow { return [("DevicePolicy", .string("auto"))] }
        // Read only where a rule is about all of a kind.
        var names: [String]?
        var allowed: [BusValue] = []
        for rule in rules[start...] where rule.allow {
            let kind = rule.kind == .block ? "block" : "char"
            let device: String
            switch (rule.major, rule.minor) {
            case (nil, nil): device = "\(kind)-*"
            case (.some(let major), .some(let minor)): device = "/dev/\(kind)/\(major):\(minor)"
            case (.some(let major), nil):
                names = names ?? ((try? Files.readText("/proc/devices")) ?? "").split(separator: "\n").map(String.init)
                // A driver that is not loaded has no devices that could be allowed.
                guard let name = driver(kind, major, names ?? []) else { continue }
                device = "\(kind)-\(name)"
            case (nil, .some): continue
            }
            let access = (rule.read ? "r" : "") + (rule.write ? "w" : "") + (rule.make ? "m" : "")
            allowed.append(.structure([.string(device), .string(access)]))
        }
        return [("DevicePolicy", .string("strict")), ("DeviceAllow", .array(of: "(ss)", allowed))]
    }

    /// The name of a major number in /proc/devices, which has a part for each kind.
    static func driver(_ kind: String, _ major: UInt32, _ lines: [String]) -> String? {
        var isKind = false
        for line in lines {
            if line.hasSuffix("devices:") { isKind = line.hasPrefix(kind == "block" ? "Block" : "Character") }
            let words = line.split(separator: " ")
            if isKind, words.count == 2, UInt32(words[0]) == major { return String(words[1]) }
        }
        return nil
    }
}
