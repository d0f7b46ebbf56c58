/// Which streams of a container a client wants.
public struct AttachOptions: Sendable, Equatable {
    /// Whether it sends standard input.
    public var input: Bool
    /// Whether it wants standard output and standard error.
    public var output: Bool
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
    /// Of which streams.
    public var output = true
    public var error = true
    /// How many of the last lines; nil: all.
    public var tail: Int?
    /// From and to this time, in nanoseconds since 1970.
    public var since: Int64?
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
