/// Which streams of a container a client wants.
public struct AttachOptions: Sendable, Equatable {
    /// Whether it sends standard input.
    public var input: Bool
    /// Whether it wants standard output; of a terminal, that is everything.
    public var output: Bool
    /// Whether it wants standard error.
    public var error: Bool

    /// Creates it.
    public init(input: Bool = false, output: Bool = true, error: Bool = true) {
        self.input = input
        self.output = output
        self.error = error
    }
}

/// Which lines of a log are wanted.
public struct LogOptions: Sendable, Equatable {
    /// Whether lines of standard output are wanted.
    public var output = true
    /// Whether lines of standard error are wanted.
    public var error = true
    /// How many of the last lines; nil: all.
    public var tail: Int?
    /// No line before this time, in nanoseconds since 1970; nil: from the first.
    public var since: Int64?
    /// No line after this time, in nanoseconds since 1970; nil: to the last.
    public var until: Int64?
    /// Whether lines to come are waited for, until the container ends.
    public var follow = false

    /// All of it, without waiting.
    public init() {}
}

/// One line (or part of a long one) of a log.
public struct LogEntry: Sendable, Equatable {
    /// Whether it came from standard error.
    public var isError: Bool
    /// When, in nanoseconds since 1970.
    public var time: Int64
    /// The bytes, with the newline where there is one.
    public var bytes: [UInt8]

    /// Creates it.
    public init(isError: Bool, time: Int64, bytes: [UInt8]) {
        self.isError = isError
        self.time = time
        self.bytes = bytes
    }
}
