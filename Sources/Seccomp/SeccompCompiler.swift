internal import CSeccomp
internal import Linux
public import OCI

/// Makes classic BPF programs out of `linux.seccomp`, by libseccomp.
public enum SeccompCompiler {
    /// The program: `struct sock_filter` after `struct sock_filter`, 8 bytes each.
    ///
    /// Calls that this machine's libseccomp does not know are skipped: no program could make them.
    public static func compile(_ filter: RuntimeSeccomp) throws(SeccompError) -> [UInt8] {
        let defaultAction = try action(filter.defaultAction, filter.defaultErrno)
        if filter.notifies && filter.listenerPath == nil {
            throw SeccompError("SCMP_ACT_NOTIFY takes a listenerPath")
        }
        guard let context = seccomp_init(defaultAction) else {
            throw SeccompError("libseccomp does not take the default action \(filter.defaultAction)")
        }
        defer { seccomp_release(context) }
        // 2: a balanced tree of comparisons, where a list would be walked through for every call.
        try check(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimise the filter")
        // Whoever installs the program decides on no_new_privs.
        try check(seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0), "prepare the filter")
        for name in filter.architectures {
            let token = try architecture(name)
            let result = seccomp_arch_add(context, token)
            // The native one is there already.
            if result != -17 { try check(result, "add the architecture \(name)") }
        }
        for rule in filter.calls {
            let ruleAction = try action(rule.action, rule.errno)
            // libseccomp refuses rules that say what happens anyway.
            if ruleAction == defaultAction { continue }
            for name in rule.names {
                let number = seccomp_syscall_resolve_name(name)
                if number == -1 { continue }
                try add(rule, name, number, ruleAction, to: context)
            }
        }
        return try NewerCalls.prologue(of: filter) + export(context)
    }

    /// One rule for one call. Conditions on different arguments must all hold; several on one argument are
    /// alternatives, as runc and Docker understand them.
    private static func add(
        _ rule: RuntimeSeccomp.Rule, _ name: String, _ number: Int32, _ action: UInt32, to context: scmp_filter_ctx
    ) throws(SeccompError) {
        var conditions: [scmp_arg_cmp] = []
        for argument in rule.arguments {
            guard argument.index < 6 else { throw SeccompError("\(name) has no argument \(argument.index)") }
            conditions.append(
                scmp_arg_cmp(
                    arg: argument.index, op: try comparison(argument.comparison), datum_a: argument.value,
                    datum_b: argument.second))
        }
        let isAlternative = Set(rule.arguments.map { $0.index }).count < rule.arguments.count
        for group in isAlternative ? conditions.map({ [$0] }) : [conditions] {
            let result = seccomp_rule_add_array(context, action, number, UInt32(group.count), group)
            try check(result, "add the rule for \(name)")
        }
    }

    private static func export(_ context: scmp_filter_ctx) throws(SeccompError) -> [UInt8] {
        let result: Int32
        let filter: [UInt8]
        do throws(SystemError) {
            let memory = try Descriptor.memory("seccomp")
            result = seccomp_export_bpf(context, memory.rawValue)
            filter = try memory.readFromStart(upTo: 1 << 20)
        } catch { throw SeccompError("write the filter: \(error)") }
        try check(result, "write the filter")
        return filter
    }

    private static func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(SeccompError) {
        if result < 0 { throw SeccompError("\(operation()): \(SystemError.reason(of: -result))") }
    }

    private static func action(_ name: String, _ errno: UInt32?) throws(SeccompError) -> UInt32 {
        if errno != nil && name != "SCMP_ACT_ERRNO" && name != "SCMP_ACT_TRACE" {
            throw SeccompError("the action \(name) has no error number")
        }
        let data = (errno ?? 1) & 0xFFFF
        switch name {
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": return 0
        case "SCMP_ACT_KILL_PROCESS": return 0x8000_0000
        case "SCMP_ACT_TRAP": return 0x0003_0000
        case "SCMP_ACT_ERRNO": return 0x0005_0000 | data
        case "SCMP_ACT_TRACE": return 0x7FF0_0000 | data
        case "SCMP_ACT_NOTIFY": return 0x7FC0_0000
        case "SCMP_ACT_LOG": return 0x7FFC_0000
        case "SCMP_ACT_ALLOW": return 0x7FFF_0000
        default: throw SeccompError("the action \(name) is not known")
        }
    }

    private static func comparison(_ name: String) throws(SeccompError) -> scmp_compare {
        switch name {
        case "SCMP_CMP_NE": return SCMP_CMP_NE
        case "SCMP_CMP_LT": return SCMP_CMP_LT
        case "SCMP_CMP_LE": return SCMP_CMP_LE
        case "SCMP_CMP_EQ": return SCMP_CMP_EQ
        case "SCMP_CMP_GE": return SCMP_CMP_GE
        case "SCMP_CMP_GT": return SCMP_CMP_GT
        case "SCMP_CMP_MASKED_EQ": return SCMP_CMP_MASKED_EQ
        default: throw SeccompError("the comparison \(name) is not known")
        }
    }

    /// `SCMP_ARCH_X86_64` is `x86_64` in libseccomp's own words.
    static func architecture(_ name: String) throws(SeccompError) -> UInt32 {
        let token = seccomp_arch_resolve_name(name.replacingPrefix("SCMP_ARCH_", with: "").lowercased())
        guard token != 0 else { throw SeccompError("the architecture \(name) is not known") }
        return token
    }
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String, with replacement: String) -> String {
        hasPrefix(prefix) ? replacement + dropFirst(prefix.count) : self
    }
}
