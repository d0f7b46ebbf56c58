public import Wire

/// What has been created, and what its creator should know.
public struct CreatedContainer: Sendable, Equatable {
    /// 64 hexadecimal digits.
    public var id: String
    /// What was asked for and can't be had.
    public var warnings: [String]
}

extension Engine {
    /// Creates a container; nothing runs yet.
    public func create(_ specification: ContainerSpecification) async throws(EngineError) -> CreatedContainer {
        throw EngineError(.unavailable, "not yet")
    }

    /// The containers, newest first; only the running ones unless `all`.
    public func list(all: Bool = false) -> [ContainerRecord] { [] }

    /// One container, by its name, its identifier or a unique beginning of that.
    public func container(named name: String) throws(EngineError) -> ContainerRecord {
        throw .noSuchContainer(name)
    }

    /// Starts its program; fails with `notModified` where it runs already.
    public func start(_ name: String) async throws(EngineError) { throw .noSuchContainer(name) }

    /// Asks it to end, and makes it after `timeout` seconds (nil: its own, negative: never).
    public func stop(_ name: String, timeout: Int? = nil, signal: String? = nil) async throws(EngineError) {
        throw .noSuchContainer(name)
    }

    /// Stops it where it runs, and starts it.
    public func restart(_ name: String, timeout: Int? = nil, signal: String? = nil) async throws(EngineError) {
        throw .noSuchContainer(name)
    }

    /// Sends a signal, by name or number; nil: SIGKILL.
    public func kill(_ name: String, signal: String? = nil) async throws(EngineError) { throw .noSuchContainer(name) }

    /// Removes it; a running one only by `force`; with `volumes` its anonymous volumes too.
    public func remove(_ name: String, force: Bool = false, volumes: Bool = false) async throws(EngineError) {
        throw .noSuchContainer(name)
    }

    /// Gives it another name.
    public func rename(_ name: String, to newName: String) async throws(EngineError) { throw .noSuchContainer(name) }

    /// Freezes its processes.
    public func pause(_ name: String) async throws(EngineError) { throw .noSuchContainer(name) }

    /// Thaws its processes.
    public func unpause(_ name: String) async throws(EngineError) { throw .noSuchContainer(name) }

    /// Sets the size of its terminal.
    public func resize(_ name: String, rows: UInt16, columns: UInt16) async throws(EngineError) {
        throw .noSuchContainer(name)
    }

    /// Its processes.
    public func top(_ name: String) async throws(EngineError) -> [ProcessReport] { throw .noSuchContainer(name) }

    /// What it has used so far; nil where it does not run.
    public func statistics(_ name: String) async throws(EngineError) -> StatisticsReport? {
        throw .noSuchContainer(name)
    }
}
