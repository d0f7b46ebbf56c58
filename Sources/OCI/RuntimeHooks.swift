/// Programs that are run at points of a container's life: `hooks` of config.json.
public struct RuntimeHooks: Sendable, Equatable {
    /// Before the root is changed, in the runtime's namespaces; the old name of ``createRuntime``, and before it.
    public var prestart: [RuntimeHook] = []
    /// Before the root is changed, in the runtime's namespaces.
    public var createRuntime: [RuntimeHook] = []
    /// Before the root is changed, in the container's namespaces, a program of the host.
    public var createContainer: [RuntimeHook] = []
    /// Just before the container's program, in its namespaces, a program of the container.
    public var startContainer: [RuntimeHook] = []
    /// Once the container's program is executed, in the runtime's namespaces.
    public var poststart: [RuntimeHook] = []
    /// Once the container is deleted, in the runtime's namespaces.
    public var poststop: [RuntimeHook] = []

    /// None.
    public init() {}

    /// Whether there is any.
    public var isEmpty: Bool { self == RuntimeHooks() }

    init(_ field: JSONField) throws(JSONError) {
        func hooks(_ name: String) throws(JSONError) -> [RuntimeHook] {
            try field.list(name) { field throws(JSONError) in try RuntimeHook(field) }
        }
        prestart = try hooks("prestart")
        createRuntime = try hooks("createRuntime")
        createContainer = try hooks("createContainer")
        startContainer = try hooks("startContainer")
        poststart = try hooks("poststart")
        poststop = try hooks("poststop")
    }

    var json: JSON? {
        func list(_ hooks: [RuntimeHook]) -> JSON? { hooks.isEmpty ? nil : .array(hooks.map { $0.json }) }
        guard !isEmpty else { return nil }
        return .members([
            "prestart": list(prestart), "createRuntime": list(createRuntime),
            "createContainer": list(createContainer), "startContainer": list(startContainer),
            "poststart": list(poststart), "poststop": list(poststop),
        ])
    }
}

/// One program to be run.
public struct RuntimeHook: Sendable, Equatable {
    /// The program, an absolute path.
    public var path: String
    /// Its arguments, the first of which is its name; empty: the path alone.
    public var arguments: [String]
    /// `NAME=value`: all of its environment.
    public var environment: [String]
    /// Seconds after which it is killed and has failed; nil: any time.
    public var timeout: UInt32?

    /// Creates it.
    public init(path: String, arguments: [String] = [], environment: [String] = [], timeout: UInt32? = nil) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.timeout = timeout
    }

    init(_ field: JSONField) throws(JSONError) {
        let path = try field.required("path")
        self.path = try path.string()
        guard self.path.hasPrefix("/") else { throw path.error("must be an absolute path") }
        arguments = try field.optional("args")?.strings() ?? []
        environment = try field.optional("env")?.strings() ?? []
        if let limit = try field.optional("timeout") {
            timeout = try limit.number()
            guard timeout != 0 else { throw limit.error("must be above 0") }
        }
    }

    var json: JSON {
        .members([
            "path": .string(path), "args": arguments.isEmpty ? nil : JSON(arguments),
            "env": environment.isEmpty ? nil : JSON(environment), "timeout": timeout.map { JSON($0) },
        ])
    }
}
