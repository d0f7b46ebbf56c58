/// A control group: one directory in every mounted hierarchy (v1), or one altogether (v2).
public struct Cgroup: Sendable, Equatable {
    /// The path below each hierarchy's root.
    public let path: String
}
