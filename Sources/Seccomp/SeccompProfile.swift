public import OCI

/// A filter in Docker's format: rules that hold for some capabilities, architectures and kernels only.
public struct SeccompProfile: Sendable, Equatable {
    private let rules: [ConditionalRule]
    private let defaults: RuntimeSeccomp
    private let architectures: [(name: String, others: [String])]

    /// Two profiles are the same if they give the same rules.
    public static func == (first: SeccompProfile, second: SeccompProfile) -> Bool {
        first.rules == second.rules && first.defaults == second.defaults
            && first.architectures.elementsEqual(second.architectures, by: ==)
    }

    private struct ConditionalRule: Sendable, Equatable {
        let rule: RuntimeSeccomp.Rule
        let includes: Condition
        let excludes: Condition
    }

    private struct Condition: Sendable, Equatable {
        var capabilities: [String] = []
        var architectures: [String] = []
        var minimumKernel: String?

        init(_ field: JSONField?) throws(JSONError) {
            guard let field else { return }
            capabilities = try field.optional("caps")?.strings() ?? []
            architectures = try field.optional("arches")?.strings() ?? []
            minimumKernel = try field.optional("minKernel")?.string()
        }
    }

    /// Reads a profile. (A `linux.seccomp` of the runtime specification is one, without conditions.)
    public init(parsing text: String) throws(JSONError) {
        let document = JSONField(try JSON(parsing: text))
        var defaults = RuntimeSeccomp(defaultAction: try document.required("defaultAction").string())
        defaults.defaultErrno = try document.optional("defaultErrnoRet")?.number()
        defaults.architectures = try document.optional("architectures")?.strings() ?? []
        defaults.flags = try document.optional("flags")?.strings() ?? []
        architectures = try document.list("archMap") { field throws(JSONError) in
            (
                name: try field.required("architecture").string(),
                others: try field.optional("subArchitectures")?.strings() ?? []
            )
        }
        rules = try document.list("syscalls") { field throws(JSONError) in
            var names = try field.optional("names")?.strings() ?? []
            if let name = try field.optional("name")?.string(), !name.isEmpty { names.append(name) }
            return ConditionalRule(
                rule: .init(
                    names: names, action: try field.required("action").string(),
                    errno: try field.optional("errnoRet")?.number(),
                    arguments: try field.list("args") { field throws(JSONError) in
                        .init(
                            index: try field.required("index").number(), value: try field.required("value").number(),
                            second: try field.optional("valueTwo")?.number() ?? 0,
                            comparison: try field.required("op").string())
                    }),
                includes: try Condition(field.optional("includes")), excludes: try Condition(field.optional("excludes"))
            )
        }
        // Whichever rules hold in the end: a profile that needs a listener somewhere has one everywhere.
        var whole = defaults
        whole.calls = rules.map { $0.rule }
        try whole.readListener(document)
        (defaults.listenerPath, defaults.listenerMetadata) = (whole.listenerPath, whole.listenerMetadata)
        self.defaults = defaults
    }

    /// The filter for a container with these capabilities (`CAP_SYS_ADMIN`) on a kernel of this release (`6.1.0-56`).
    public func resolved(capabilities: [String], kernelRelease: String) -> RuntimeSeccomp {
        var filter = defaults
        #if arch(arm64)
        let (machine, native) = ("arm64", "SCMP_ARCH_AARCH64")
        #else
        let (machine, native) = ("amd64", "SCMP_ARCH_X86_64")
        #endif
        for architecture in architectures where architecture.name == native {
            filter.architectures = [native] + architecture.others
        }
        for conditional in rules {
            let (includes, excludes) = (conditional.includes, conditional.excludes)
            if !includes.architectures.isEmpty && !includes.architectures.contains(machine) { continue }
            if !includes.capabilities.allSatisfy({ capabilities.contains($0) }) { continue }
            if let minimum = includes.minimumKernel, !SeccompProfile.isAtLeast(kernelRelease, minimum) { continue }
            if excludes.architectures.contains(machine) { continue }
            if excludes.capabilities.contains(where: { capabilities.contains($0) }) { continue }
            if let minimum = excludes.minimumKernel, SeccompProfile.isAtLeast(kernelRelease, minimum) { continue }
            filter.calls.append(conditional.rule)
        }
        return filter
    }

    /// Whether release `6.1.0-56` is not older than `4.8`.
    static func isAtLeast(_ release: String, _ minimum: String) -> Bool {
        func numbers(_ text: String) -> [Int] {
            text.split(separator: ".", maxSplits: 2).prefix(2).map { Int($0.prefix { $0.isNumber }) ?? 0 }
        }
        return !numbers(release).lexicographicallyPrecedes(numbers(minimum))
    }
}
