/// Something that has happened, in Docker's words.
public struct EngineEvent: Sendable, Equatable {
    /// What it happened to.
    public enum Kind: String, Sendable, CaseIterable { case container, image, network, volume, machine, daemon }
    /// What it happened to.
    public var kind: Kind
    /// `create`, `start`, `die`, `exec_start: ls -l`, …
    public var action: String
    /// The object's identifier; a volume's name.
    public var actor: String
    /// What clients filter by: labels, `image`, `name`, `exitCode`, …
    public var attributes: [String: String]
    /// Nanoseconds since 1970.
    public var time: Int64

    /// Creates it.
    public init(kind: Kind, action: String, actor: String, attributes: [String: String] = [:], time: Int64) {
        self.kind = kind
        self.action = action
        self.actor = actor
        self.attributes = attributes
        self.time = time
    }
}
