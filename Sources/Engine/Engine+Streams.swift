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

extension Engine {
    /// Takes a place among those who see all that the container writes, before it is started or while it runs.
    public func prepareAttach(_ name: String, _ options: AttachOptions) async throws(EngineError) -> AttachTicket {
        throw .noSuchContainer(name)
    }

    /// Lines of its log.
    public func logs(_ name: String, _ options: LogOptions) throws(EngineError)
        -> AsyncThrowingStream<LogEntry, any Error>
    {
        throw .noSuchContainer(name)
    }

    /// Waits for its end.
    public func waiter(_ name: String, _ condition: WaitCondition) throws(EngineError) -> ExitWaiter {
        throw .noSuchContainer(name)
    }

    /// Prepares another process in a running container.
    ///
    /// - Returns: the identifier of the exec.
    public func createExec(_ name: String, _ specification: ExecSpecification) async throws(EngineError) -> String {
        throw .noSuchContainer(name)
    }

    /// Runs it, and gives its streams unless it is detached. To answer the client before the program runs, check with
    /// ``exec(_:)`` first, write the answer, and then call this.
    public func startExec(_ id: String, detach: Bool = false, rows: UInt16 = 0, columns: UInt16 = 0)
        async throws(EngineError) -> MonitorStream?
    {
        throw EngineError(.notFound, "No such exec instance: \(id)")
    }

    /// What became of it.
    public func exec(_ id: String) throws(EngineError) -> ExecRecord {
        throw EngineError(.notFound, "No such exec instance: \(id)")
    }

    /// The identifiers of the execs of a container that have not ended.
    public func execs(of containerID: String) -> [String] { [] }

    /// Sets the size of its terminal.
    public func resizeExec(_ id: String, rows: UInt16, columns: UInt16) async throws(EngineError) {
        throw EngineError(.notFound, "No such exec instance: \(id)")
    }
}
