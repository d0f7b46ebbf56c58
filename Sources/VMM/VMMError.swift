internal import Glibc
internal import Linux

/// Why a machine could not be made, or does not go on: what failed, on what, and what to do.
struct VMMError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of reason it is.
    enum Kind: Sendable {
        /// The host's KVM lacks something that is needed.
        case unsupportedHost
        /// The machine that is asked for can't be.
        case configuration
        /// The kernel's file is no kernel, is damaged, or does not fit into the machine.
        case kernel
        /// The host failed a call.
        case system
    }

    /// The kind.
    let kind: Kind
    /// The words.
    let description: String

    /// With these words.
    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// A failed call of the kernel.
    init(_ error: SystemError) { self.init(.system, "\(error)") }

    /// Passes on a result that is not negative, otherwise throws what stands in `errno`.
    @discardableResult
    static func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(VMMError) -> Int32 {
        guard result < 0 else { return result }
        let code = errno
        throw VMMError(.system, "\(operation()): \(SystemError.reason(of: code))")
    }
}
