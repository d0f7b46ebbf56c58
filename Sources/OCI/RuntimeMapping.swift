/// Users or groups of a user namespace and whom they are outside of it: an element of `uidMappings` and `gidMappings`.
public struct RuntimeMapping: Sendable, Equatable {
    /// The first number inside.
    public var inside: UInt32
    /// Its number outside.
    public var outside: UInt32
    /// How many numbers in turn are mapped.
    public var count: UInt32

    /// Creates it.
    public init(inside: UInt32, outside: UInt32, count: UInt32) {
        self.inside = inside
        self.outside = outside
        self.count = count
    }

    init(_ field: JSONField) throws(JSONError) {
        inside = try field.required("containerID").number()
        outside = try field.required("hostID").number()
        let size = try field.required("size")
        count = try size.number()
        guard count > 0 else { throw size.error("must be above 0") }
        guard UInt64(inside) + UInt64(count) <= UInt64(UInt32.max),
            UInt64(outside) + UInt64(count) <= UInt64(UInt32.max)
        else { throw size.error("leads beyond the largest number") }
    }

    var json: JSON { ["containerID": JSON(inside), "hostID": JSON(outside), "size": JSON(count)] }

    static func list(_ field: JSONField, _ name: String) throws(JSONError) -> [RuntimeMapping] {
        try field.list(name) { field throws(JSONError) in try RuntimeMapping(field) }
    }

    static func json(_ list: [RuntimeMapping]) -> JSON? { list.isEmpty ? nil : .array(list.map { $0.json }) }
}

/// How far a clock of a time namespace is ahead of the host's: a member of `timeOffsets`.
public struct RuntimeTimeOffset: Sendable, Equatable {
    /// `monotonic` or `boottime`.
    public var clock: String
    /// Whole seconds.
    public var seconds: Int64
    /// And nanoseconds.
    public var nanoseconds: UInt32

    /// Creates it.
    public init(clock: String, seconds: Int64, nanoseconds: UInt32) {
        self.clock = clock
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    static func list(_ field: JSONField) throws(JSONError) -> [RuntimeTimeOffset] {
        var offsets: [RuntimeTimeOffset] = []
        for (clock, field) in try field.members().sorted(by: { $0.key < $1.key }) {
            guard clock == "monotonic" || clock == "boottime" else {
                throw field.error("is no clock of a time namespace")
            }
            let nanoseconds = try field.optional("nanosecs")
            let offset = RuntimeTimeOffset(
                clock: clock, seconds: try field.optional("secs")?.number() ?? 0,
                nanoseconds: try nanoseconds?.number() ?? 0)
            if let nanoseconds, offset.nanoseconds >= 1_000_000_000 {
                throw nanoseconds.error("must be below a second")
            }
            offsets.append(offset)
        }
        return offsets
    }

    static func json(_ list: [RuntimeTimeOffset]) -> JSON? {
        guard !list.isEmpty else { return nil }
        var members: [String: JSON] = [:]
        for offset in list {
            members[offset.clock] = ["secs": JSON(offset.seconds), "nanosecs": JSON(offset.nanoseconds)]
        }
        return .object(members)
    }
}
