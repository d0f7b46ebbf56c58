import ContainerRuntime
import Linux
import OCI

/// What ends a command early.
enum CommandError: Error, CustomStringConvertible {
    /// Not an error: there is a text to be shown, and that is all.
    case finished(String)
    /// The command line is wrong, or what it names.
    case usage(String)
    /// The container, or a process in it, could not be made or handled.
    case runtime(RuntimeError)
    /// A system call has failed.
    case system(SystemError)
    /// A document is wrong.
    case document(JSONError)

    init(_ error: RuntimeError) { self = .runtime(error) }
    init(_ error: SystemError) { self = .system(error) }
    init(_ error: JSONError) { self = .document(error) }

    /// The container is not in a state in which this can be done.
    static func wrongState(_ text: String) -> CommandError { .runtime(.wrongState(text)) }

    /// The text.
    var description: String {
        switch self {
        case .finished(let text), .usage(let text): text
        case .runtime(let error): error.description
        case .system(let error): error.description
        case .document(let error): error.description
        }
    }
}

// One conversion for each module whose error may end a command. They have names of their own, for overloads aren't told
// apart by what they throw.

/// For what the runtime does.
func runtime<T: ~Copyable>(_ body: @autoclosure () throws(RuntimeError) -> T) throws(CommandError) -> T {
    do { return try body() } catch { throw .runtime(error) }
}

/// For what the kernel does.
func kernel<T: ~Copyable>(_ body: @autoclosure () throws(SystemError) -> T) throws(CommandError) -> T {
    do { return try body() } catch { throw .system(error) }
}

/// For what is read from a document.
func document<T: ~Copyable>(_ body: @autoclosure () throws(JSONError) -> T) throws(CommandError) -> T {
    do { return try body() } catch { throw .document(error) }
}
