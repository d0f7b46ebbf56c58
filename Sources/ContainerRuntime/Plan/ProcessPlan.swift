internal import Linux
public import OCI

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
    /// Who answers calls that the filter does not decide on, or nil where it decides on all.
    let listener: SeccompListener.Address?
    /// Names or numbers of further groups, which are looked up in the container.
    let groupNames: [String]
    /// How the kernel presents itself; nil: as it is.
    let personality: RuntimePersonality?

    struct Capabilities: Sendable {
        let bounding: CapabilitySet
        let effective: CapabilitySet
        let inheritable: CapabilitySet
        let permitted: CapabilitySet
        let ambient: CapabilitySet
    }

    init(
        _ process: RuntimeProcess, filter: [UInt8]?, linux: RuntimeLinux, state: RuntimeState, groups: String? = nil
    ) throws(RuntimeError) {
        self.process = process
        self.filter = filter
        listener = try filter == nil ? nil : SeccompListener.Address(linux.seccomp, state)
        filterFlags = try ProcessPlan.bits(of: linux.seccomp?.flags ?? [], listening: listener != nil)
        personality = linux.personality
        try SecurityLabel.check(process)
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
                bounding: ProcessPlan.set(sets.bounding), effective: ProcessPlan.set(sets.effective),
                inheritable: ProcessPlan.set(sets.inheritable), permitted: ProcessPlan.set(sets.permitted),
                ambient: ProcessPlan.set(sets.ambient))
        } else {
            capabilities = nil
        }
    }

    /// SECCOMP_FILTER_FLAG_*; there is one thread only, so synchronising threads needs nothing.
    private static func bits(of flags: [String], listening: Bool) throws(RuntimeError) -> UInt32 {
        var bits: UInt32 = 0
        for flag in flags {
            switch flag {
            case "SECCOMP_FILTER_FLAG_TSYNC": break
            case "SECCOMP_FILTER_FLAG_LOG": bits |= 2
            case "SECCOMP_FILTER_FLAG_SPEC_ALLOW": bits |= 4
            // The kernel refuses it where nobody listens, and there is nothing to wait for then.
            case "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": bits |= listening ? 32 : 0
            default: throw .invalid("linux.seccomp.flags: \(flag) is not known")
            }
        }
        return bits
    }

    /// Names that are not known are skipped, as runc does: configurations are written for newer kernels, too, and a
    /// capability less can't do harm. ``RuntimeProcess/unknownCapabilities`` is for whoever wants to warn of them.
    private static func set(_ names: [String]) -> CapabilitySet {
        names.reduce(into: []) { if let capability = CapabilitySet(name: $1) { $0.insert(capability) } }
    }
}

extension RuntimeProcess {
    /// The names in its capabilities that stand for none, each once.
    public var unknownCapabilities: [String] {
        guard let sets = capabilities else { return [] }
        let names = sets.bounding + sets.effective + sets.inheritable + sets.permitted + sets.ambient
        return Set(names.filter { CapabilitySet(name: $0) == nil }).sorted()
    }
}
