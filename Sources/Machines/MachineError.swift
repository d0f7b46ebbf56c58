/// Why a machine, its kernel or its disk could not be prepared.
public struct MachineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What whoever asked may decide on.
    public enum Kind: Sendable {
        /// The host lacks something: a program, a kernel, a device.
        case missing
        /// What was found is not what was expected: no PVH kernel, a broken module.
        case unusable
        /// The configuration can't be had.
        case invalid
        /// A system call or a helper program failed.
        case failed
    }

    /// What kind of error.
    public let kind: Kind
    /// What was tried, on what, why it failed and what helps.
    public let message: String

    /// Creates an error.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
