public import Linux
public import OCI

/// Why a container, or a process in it, could not be made or handled.
public enum RuntimeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The program is not there: exit code 127.
    case commandNotFound(String)
    /// The program is there and can't be executed: exit code 126.
    case commandNotExecutable(String)
    /// The configuration is wrong or asks for something that is not supported.
    case invalid(String)
    /// The container is not in a state in which this can be done.
    case wrongState(String)
    /// A step failed: what was done, and the kernel's reason.
    case failed(String)

    /// From a step and the call that failed in it.
    public init(_ step: String, _ error: SystemError) { self = .failed("\(step): \(error)") }

    /// From a mistake in a document.
    public init(_ error: JSONError) { self = .invalid("\(error)") }

    /// The text.
    public var description: String {
        switch self {
        case .commandNotFound(let text), .commandNotExecutable(let text), .invalid(let text), .wrongState(let text),
            .failed(let text):
            text
        }
    }
}
