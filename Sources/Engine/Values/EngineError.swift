/// Why the engine did not do what it was asked for. The kind decides what clients get (HTTP status, exit code); the text
/// is for people, and word for word Docker's where Docker has one, because its clients look for some of them.
public struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller may decide on.
    public enum Kind: String, Sendable {
        /// There is no such object.
        case notFound
        /// It contradicts the present state: a name that is taken, a container that runs.
        case conflict
        /// The request itself is wrong.
        case invalid
        /// It is so already.
        case notModified
        /// The container does not run, and must.
        case notRunning
        /// It is never allowed.
        case forbidden
        /// The program is not in the container's root: exit code 127.
        case commandNotFound
        /// The program is there and can't be executed: exit code 126.
        case commandNotExecutable
        /// This host, or this version, can't do it.
        case unavailable
        /// Anything else.
        case `internal`
    }

    /// What kind of failure.
    public let kind: Kind
    /// What failed, on what, and what to do.
    public let message: String

    /// Creates an error.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message alone: `kind` is for programs.
    public var description: String { message }
}

extension EngineError {
    static func noSuchContainer(_ name: String) -> EngineError {
        EngineError(.notFound, "No such container: \(name)")
    }

    static func notRunning(_ id: String) -> EngineError {
        EngineError(.notRunning, "container \(id) is not running")
    }

    /// Wraps whatever another module threw, naming what was being done.
    static func failed(_ doing: String, _ error: any Error) -> EngineError {
        if let error = error as? EngineError { return error }
        return EngineError(.internal, "\(doing): \(error)")
    }
}
