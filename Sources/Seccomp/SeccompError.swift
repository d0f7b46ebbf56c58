/// Why a filter for system calls could not be made.
public struct SeccompError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, with the word or call it is about.
    public let description: String

    /// Creates it.
    public init(_ description: String) { self.description = description }
}
