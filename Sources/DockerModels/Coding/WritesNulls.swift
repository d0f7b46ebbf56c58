/// Values whose absent members are written as null, as Docker writes them; elsewhere they are left out.
public protocol WritesNulls: Encodable {}

/// The empty object, which the API uses as the value of sets: `{"80/tcp": {}}`.
public struct Empty: Sendable, Equatable, Codable {
    /// The only value.
    public init() {}
}

/// A set as the API writes it: an object whose members are empty objects.
public typealias Members = [String: Empty]
