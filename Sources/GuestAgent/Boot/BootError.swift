package import Linux

/// Why a machine can't be brought up.
package enum BootError: Error, CustomStringConvertible {
    /// A step failed.
    case step(String, SystemError)
    /// A device that the machine's owner has promised is not there.
    case missing(String)

    package var description: String {
        switch self {
        case .step(let step, let error): "\(step): \(error)"
        case .missing(let what): "\(what) is not there"
        }
    }
}
