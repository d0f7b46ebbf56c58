/// A filter of system calls: `linux.seccomp`.
public struct RuntimeSeccomp: Sendable, Equatable {
    /// What happens to a call, by its name in libseccomp: `SCMP_ACT_ERRNO`.
    public var defaultAction: String
    /// The error number where the default action is to return one; nil is EPERM.
    public var defaultErrno: UInt32?
    /// `SCMP_ARCH_X86_64`, …: the architectures that are let in beside the native one.
    public var architectures: [String] = []
    /// `SECCOMP_FILTER_FLAG_LOG`, ….
    public var flags: [String] = []
    /// The unix socket of whoever decides on calls with `SCMP_ACT_NOTIFY`; nil where there is none.
    public var listenerPath: String?
    /// What it is told besides.
    public var listenerMetadata: String?
    /// The rules; the first that matches decides.
    public var calls: [Rule] = []

    /// One rule for some calls.
    public struct Rule: Sendable, Equatable {
        /// The calls.
        public var names: [String]
        /// What happens.
        public var action: String
        /// The error number, where the action is to return one.
        public var errno: UInt32?
        /// What the arguments must be, all of it.
        public var arguments: [Argument]

        /// Creates it.
        public init(names: [String], action: String, errno: UInt32? = nil, arguments: [Argument] = []) {
            self.names = names
            self.action = action
            self.errno = errno
            self.arguments = arguments
        }
    }

    /// A comparison of one argument.
    public struct Argument: Sendable, Equatable {
        /// Which, 0 to 5.
        public var index: UInt32
        /// Compared with what; the mask with `SCMP_CMP_MASKED_EQ`.
        public var value: UInt64
        /// The value behind the mask.
        public var second: UInt64
        /// `SCMP_CMP_EQ`.
        public var comparison: String

        /// Creates it.
        public init(index: UInt32, value: UInt64, second: UInt64 = 0, comparison: String) {
            self.index = index
            self.value = value
            self.second = second
            self.comparison = comparison
        }
    }

    /// A filter with a default only.
    public init(defaultAction: String) { self.defaultAction = defaultAction }

    init(_ field: JSONField) throws(JSONError) {
        defaultAction = try RuntimeSeccomp.action(field.required("defaultAction"))
        defaultErrno = try RuntimeSeccomp.errno(field.optional("defaultErrnoRet"), for: defaultAction)
        architectures = try field.optional("architectures")?.strings() ?? []
        flags = try field.optional("flags")?.strings() ?? []
        calls = try field.list("syscalls") { field throws(JSONError) in try Rule(field) }
        try readListener(field)
    }

    /// The object.
    public var json: JSON {
        .members([
            "defaultAction": .string(defaultAction),
            "defaultErrnoRet": defaultErrno.map { JSON($0) },
            "architectures": architectures.isEmpty ? nil : JSON(architectures),
            "flags": flags.isEmpty ? nil : JSON(flags),
            "listenerPath": listenerPath.map { .string($0) },
            "listenerMetadata": listenerMetadata.map { .string($0) },
            "syscalls": calls.isEmpty ? nil : .array(calls.map { $0.json }),
        ])
    }
}

extension RuntimeSeccomp.Rule {
    var json: JSON {
        .members([
            "names": JSON(names), "action": .string(action), "errnoRet": errno.map { JSON($0) },
            "args": arguments.isEmpty
                ? nil
                : .array(
                    arguments.map {
                        .object([
                            "index": JSON($0.index), "value": JSON($0.value), "valueTwo": JSON($0.second),
                            "op": .string($0.comparison),
                        ])
                    }),
        ])
    }
}
