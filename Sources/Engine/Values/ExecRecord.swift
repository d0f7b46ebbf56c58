/// What a client asks for when it wants another process in a container.
public struct ExecSpecification: Sendable, Equatable {
    /// Program and arguments.
    public var arguments: [String]
    /// Added to the container's environment.
    public var environment: [String] = []
    /// Where it starts; nil: the container's.
    public var workingDirectory: String?
    /// Who runs it; nil: the container's user.
    public var user: String?
    /// Whether it has a terminal.
    public var terminal = false
    /// Whether it has every capability.
    public var privileged = false
    /// Whether the client that starts it sends standard input.
    public var attachInput = false
    /// Whether that client gets standard output.
    public var attachOutput = true
    /// Whether that client gets standard error.
    public var attachError = true
    /// The terminal's first height in lines; 0: the kernel's default size.
    public var consoleRows: UInt16 = 0
    /// The terminal's first width in characters; only read where there are rows.
    public var consoleColumns: UInt16 = 0

    /// A program, with the defaults above.
    public init(arguments: [String]) { self.arguments = arguments }
}

/// A process that a client asked for in a container or in a machine.
public struct ExecRecord: Sendable, Equatable {
    /// Where it is in its life.
    public enum State: Sendable, Equatable {
        case created
        case running(process: Int32)
        case exited(code: Int32)
    }
    /// 64 hexadecimal digits.
    public let id: String
    /// The container's identifier, or the machine's name.
    public let containerID: String
    /// What was asked for.
    public let specification: ExecSpecification
    /// Where it is in its life.
    public private(set) var state: State = .created
    private var ended: ContinuousClock.Instant?

    init(id: String, containerID: String, specification: ExecSpecification) {
        self.id = id
        self.containerID = containerID
        self.specification = specification
    }

    mutating func start(process: Int32 = 0) {
        state = .running(process: process)
    }

    mutating func end(code: Int32) {
        state = .exited(code: code)
        ended = .now
    }

    /// Whether it ended so long ago that no client asks for its exit code any more.
    var isStale: Bool {
        guard let ended else { return false }
        return ended.duration(to: .now) > .seconds(300)
    }

    /// Whether it runs.
    public var isRunning: Bool {
        if case .running = state { true } else { false }
    }
}
