/// One process of a container, as /proc tells it.
public struct ProcessRow: Sendable, Equatable {
    /// The user's number.
    public var user: UInt32 = 0
    /// The process's number, outside of the container.
    public var process: Int32 = 0
    /// Its parent's number.
    public var parent: Int32 = 0
    /// Processor time used, in ticks of 1/100 s.
    public var ticks: UInt64 = 0
    /// When it was started, in seconds since 1970.
    public var startedAt: Int64 = 0
    /// Virtual size in bytes.
    public var virtualMemory: UInt64 = 0
    /// Resident size in bytes.
    public var residentMemory: UInt64 = 0
    /// The state's letter.
    public var state = "?"
    /// The terminal, `pts/0`, or `?`.
    public var terminal = "?"
    /// The command line, or the name in brackets.
    public var command = ""

    /// An empty row.
    public init() {}
}
