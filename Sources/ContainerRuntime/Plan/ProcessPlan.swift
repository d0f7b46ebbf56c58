internal import Linux
internal import OCI

/// A process that has been looked through.
struct ProcessPlan: Sendable {
    let process: RuntimeProcess
    /// The five sets, or nil to leave them.
    let capabilities: Capabilities?
    /// The limits by the kernel's numbers.
    let limits: [(name: String, resource: Int32, soft: UInt64, hard: UInt64)]
    /// The program for system calls.
    let filter: [UInt8]?
    /// The kernel's flags for it.
    let filterFlags: UInt32
    /// Names or numbers of further groups, which are looked up in the container.
    let groupNames: [String]

    struct Capabilities: Sendable {
        let bounding: CapabilitySet
        let effective: CapabilitySet
        let inheritable: CapabilitySet
        let permitted: CapabilitySet
        let ambient: CapabilitySet
    }

    init(_ process: RuntimeProcess, filter: [UInt8]?, flags: [String], groups: String? = nil) throws(RuntimeError) {
        self.process = process
        self.filter = filter
        filterFlags = try ProcessPlan.bits(of: flags)
        groupNames = groups?.split(separator: ",").map(String.init) ?? []
        guard !process.arguments.isEmpty, !process.arguments[0].isEmpty else {
            throw .invalid("process.args: is empty")
        }
        for text in process.arguments + process.environment where text.utf8.contains(0) {
            throw .invalid("process: an argument or variable contains a zero byte")
        }
        var limits: [(name: String, resource: Int32, soft: UInt64, hard: UInt64)] = []
        for limit in process.limits {
            guard let number = Privilege.limitNumber(named: limit.type) else {
                throw .invalid("process.rlimits: \(limit.type) is not known")
            }
            limits.append((limit.type, number, limit.soft, limit.hard))
        }
        self.limits = limits
        if let sets = process.capabilities {
            capabilities = Capabilities(
                bounding: try ProcessPlan.set(sets.bounding), effective: try ProcessPlan.set(sets.effective),
                inheritable: try ProcessPlan.set(sets.inheritable), permitted: try ProcessPlan.set(sets.permitted),
                ambient: try ProcessPlan.set(sets.ambient))
        } else {
            capabilities = nil
        }
    }

    /// SECCOMP_FILTER_FLAG_*; there is one thread only, so synchronising threads needs nothing.
    private static func bits(of flags: [String]) throws(RuntimeError) -> UInt32 {
        var bits: UInt32 = 0
        for flag in flags {
            switch flag {
            case "SECCOMP_FILTER_FLAG_TSYNC": break
            case "SECCOMP_FILTER_FLAG_LOG": bits |= 2
            case "SECCOMP_FILTER_FLAG_SPEC_ALLOW": bits |= 4
            default: throw .invalid("linux.seccomp.flags: \(flag) is not supported yet")
            }
        }
        return bits
    }

    private static func set(_ names: [String]) throws(RuntimeError) -> CapabilitySet {
        var set: CapabilitySet = []
        for name in names {
            guard let capability = CapabilitySet(name: name) else {
                throw .invalid("process.capabilities: \(name) is not known")
            }
            set.insert(capability)
        }
        return set
    }
}
