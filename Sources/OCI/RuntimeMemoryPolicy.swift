/// On which memory nodes pages are taken: `linux.memoryPolicy`, as set_mempolicy(2) takes it.
public struct RuntimeMemoryPolicy: Sendable, Equatable {
    /// MPOL_*, in the order of the kernel's numbers.
    public static let modes = [
        "MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL", "MPOL_PREFERRED_MANY",
        "MPOL_WEIGHTED_INTERLEAVE",
    ]
    /// Its flags, with their bits.
    public static let flags: [(name: String, bit: UInt32)] = [
        ("MPOL_F_NUMA_BALANCING", 1 << 13), ("MPOL_F_RELATIVE_NODES", 1 << 14), ("MPOL_F_STATIC_NODES", 1 << 15),
    ]

    /// The kernel's number of the mode, with the bits of the flags.
    public var mode: UInt32
    /// The nodes that it is about.
    public var nodes: NumberSet?

    init(_ field: JSONField) throws(JSONError) {
        let name = try field.required("mode")
        guard let number = RuntimeMemoryPolicy.modes.firstIndex(of: try name.string()) else {
            throw name.error("is no memory policy")
        }
        mode = UInt32(number)
        nodes = try field.numberSet("nodes")
        for flag in try field.optional("flags")?.elements() ?? [] {
            let text = try flag.string()
            guard let found = RuntimeMemoryPolicy.flags.first(where: { $0.name == text }) else {
                throw flag.error("is no flag of a memory policy")
            }
            mode |= found.bit
        }
    }

    var json: JSON {
        let names = RuntimeMemoryPolicy.flags.filter { mode & $0.bit != 0 }.map { $0.name }
        return .members([
            "mode": .string(RuntimeMemoryPolicy.modes[Int(mode & 0xFF)]), "nodes": nodes.map { .string($0.text) },
            "flags": names.isEmpty ? nil : JSON(names),
        ])
    }
}

/// How the kernel presents itself: `linux.personality`, as personality(2) takes it.
public enum RuntimePersonality: UInt32, Sendable, Equatable {
    /// As it is.
    case linux = 0
    /// As a 32-bit machine, in uname(2).
    case linux32 = 8

    init(_ field: JSONField) throws(JSONError) {
        let domain = try field.required("domain")
        switch try domain.string() {
        case "LINUX": self = .linux
        case "LINUX32": self = .linux32
        default: throw domain.error("must be LINUX or LINUX32")
        }
        if let flag = try field.optional("flags")?.elements().first { throw flag.error("is no flag of a personality") }
    }

    var json: JSON { ["domain": .string(self == .linux ? "LINUX" : "LINUX32")] }
}
