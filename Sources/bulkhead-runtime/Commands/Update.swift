import ContainerRuntime
import Linux
import OCI

/// The limits that the options of `update` ask for. As with runc, a file counts alone, and 0 or an empty word changes
/// nothing.
private struct UpdateOptions {
    var resources = RuntimeResources()
    var file: String?
    /// Lines for the container's group of resctrl.
    var schemata = CacheSchemata()

    mutating func read(_ words: inout Words) throws(CommandError) {
        var copy = self
        try words.options { name, value, words throws(CommandError) in
            switch name {
            case "resources", "r": copy.file = try value(&words)
            case "blkio-weight":
                let weight = try UpdateOptions.number(name, try value(&words), UInt16.self)
                guard weight == 0 || (10...1000).contains(weight) else {
                    throw .usage("--blkio-weight must be from 10 to 1000")
                }
                copy.resources.block.weight = weight == 0 ? nil : weight
            case "l3-cache-schema": copy.schemata.cache = try UpdateOptions.line(name, "L3", try value(&words))
            case "mem-bw-schema": copy.schemata.bandwidth = try UpdateOptions.line(name, "MB", try value(&words))
            case "kernel-memory", "kernel-memory-tcp": _ = try value(&words)  // runc takes and ignores them
            case "memory", "m": copy.resources.memory.limit = try UpdateOptions.size(name, try value(&words))
            case "memory-reservation":
                copy.resources.memory.reservation = try UpdateOptions.size(name, try value(&words))
            case "memory-swap": copy.resources.memory.swap = try UpdateOptions.size(name, try value(&words))
            case "pids-limit":
                let limit = try UpdateOptions.number(name, try value(&words), Int64.self)
                copy.resources.processes = limit == 0 ? nil : limit
            default: return try copy.readProcessor(name, value, &words)
            }
            return true
        }
        self = copy
    }

    private mutating func readProcessor(
        _ name: String, _ value: Words.Value, _ words: inout Words
    ) throws(CommandError) -> Bool {
        func number<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(CommandError) -> T {
            try UpdateOptions.number(name, try value(&words), T.self)
        }
        switch name {
        case "cpu-period": resources.processor.period = try number()
        case "cpu-quota": resources.processor.quota = try number()
        case "cpu-burst": resources.processor.burst = try number()
        case "cpu-share": resources.processor.shares = try number()
        case "cpu-rt-period": resources.processor.realtimePeriod = try number()
        case "cpu-rt-runtime": resources.processor.realtimeRuntime = try number()
        case "cpuset-cpus":
            let text = try value(&words)
            resources.processor.cpus = text.isEmpty ? nil : text
        case "cpuset-mems":
            let text = try value(&words)
            resources.processor.memories = text.isEmpty ? nil : text
        case "cpu-idle":
            let idle = try number(Int64.self)
            guard idle == 0 || idle == 1 else { throw .usage("--cpu-idle must be 0 or 1") }
            resources.processor.idle = idle
        default: return false
        }
        return true
    }

    /// A line of resctrl's schemata, `L3:0=f;1=f`; nil for an empty word.
    private static func line(_ name: String, _ resource: String, _ text: String) throws(CommandError) -> String? {
        guard !text.isEmpty else { return nil }
        guard text.hasPrefix("\(resource)"), text.contains(":"), !text.contains("\n") else {
            throw .usage("--\(name): \(text) is no line that begins with \(resource):")
        }
        return text
    }

    private static func number<T: FixedWidthInteger>(
        _ name: String, _ text: String, _ type: T.Type
    ) throws(CommandError) -> T {
        guard let number = T(text) else {
            throw .usage("--\(name): \(text) is not a whole number from \(T.min) to \(T.max)")
        }
        return number
    }

    /// `512m`, `1gb`, `1048576`, `-1`.
    private static func size(_ name: String, _ text: String) throws(CommandError) -> Int64 {
        let wrong = CommandError.usage(
            "--\(name): \(text) is no size such as 1048576, 512k, 64m, 2g, or -1 for no limit")
        if text == "-1" { return -1 }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        var unit = text.dropFirst(digits.count).lowercased()
        if unit.hasSuffix("ib") { unit.removeLast(2) } else if unit.hasSuffix("b") { unit.removeLast() }
        let shifts: [String: Int64] = ["": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50]
        guard let number = Int64(digits), let shift = shifts[unit] else { throw wrong }
        let (product, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { throw wrong }
        return product
    }

    /// What is asked for.
    func asked() throws(CommandError) -> RuntimeResources {
        guard let file else { return resources }
        let text: [UInt8]
        if file == "-" {
            let input = Descriptor(adopting: 0)
            text = try kernel(input.readAll())
            _ = input.release()
        } else {
            text = try kernel(Files.read(file))
        }
        return try document(RuntimeResources(JSONField(JSON(parsing: text), path: "linux.resources")))
    }
}

extension RuntimeProgram {
    static func update(_ words: inout Words, _ global: GlobalOptions) throws(CommandError) -> Int32 {
        var options = UpdateOptions()
        try options.read(&words)
        let id = try words.required("container's id")
        try words.end()
        let store = StateStore(root: global.root)
        let record = try store.record(id)
        guard store.status(record) != .stopped else { throw .wrongState("container not running") }
        _ = try record.requiredGroup(for: "update the limits of")
        let container = try store.adopt(record)
        // What can be refused altogether goes first.
        try runtime(container.update(options.schemata))
        let resources = try options.asked()
        try runtime(container.update(resources))
        return 0
    }
}
