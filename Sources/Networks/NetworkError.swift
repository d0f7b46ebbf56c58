internal import Linux

/// What could not be done in a network: the text is Docker's where Docker has one.
public struct NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of failure.
    public enum Kind: Sendable, Equatable {
        /// The port belongs to another container, or to another program of the host.
        case portTaken
        /// The address is taken, or none is left.
        case addressTaken
        /// What was asked for makes no sense.
        case invalid
        /// There is no such endpoint.
        case notFound
        /// The kernel or the packet filter refused.
        case failed
    }

    /// What kind of failure.
    public let kind: Kind
    /// The text for people.
    public let description: String

    /// Creates an error.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    init(_ error: SystemError) { self.init(.failed, "\(error)") }
}
