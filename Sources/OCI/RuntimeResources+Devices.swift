extension RuntimeResources {
    /// Limits for block devices: `blockIO`.
    public struct Block: Sendable, Equatable {
        /// The share of every device's time, 10 to 1000.
        public var weight: UInt16?
        /// The share of its own processes against the groups below it (cgroup v1 only).
        public var leafWeight: UInt16?
        /// The same for single devices.
        public var deviceWeights: [DeviceWeight] = []
        /// Bytes read in a second.
        public var readBytes: [Throttle] = []
        /// Bytes written in a second.
        public var writtenBytes: [Throttle] = []
        /// Reads in a second.
        public var reads: [Throttle] = []
        /// Writes in a second.
        public var writes: [Throttle] = []

        /// No limits.
        public init() {}
    }

    /// The weight for one device.
    public struct DeviceWeight: Sendable, Equatable {
        /// The kind of device.
        public var major: Int64
        /// Which one.
        public var minor: Int64
        /// 10 to 1000.
        public var weight: UInt16?
        /// Against the groups below (cgroup v1 only).
        public var leafWeight: UInt16?

        /// Creates it.
        public init(major: Int64, minor: Int64, weight: UInt16?, leafWeight: UInt16? = nil) {
            self.major = major
            self.minor = minor
            self.weight = weight
            self.leafWeight = leafWeight
        }
    }

    /// The most that may be done with one device in a second.
    public struct Throttle: Sendable, Equatable {
        /// The kind of device.
        public var major: Int64
        /// Which one.
        public var minor: Int64
        /// Bytes, or operations; 0: any number.
        public var rate: UInt64

        /// Creates it.
        public init(major: Int64, minor: Int64, rate: UInt64) {
            self.major = major
            self.minor = minor
            self.rate = rate
        }
    }

    /// How much of one size of huge pages.
    public struct HugePageLimit: Sendable, Equatable {
        /// `2MB`.
        public var pageSize: String
        /// In bytes.
        public var limit: UInt64

        /// Creates it.
        public init(pageSize: String, limit: UInt64) {
            self.pageSize = pageSize
            self.limit = limit
        }
    }

    /// Marks for packets: `network`.
    public struct Network: Sendable, Equatable {
        /// The class.
        public var classID: UInt32?
        /// The priority on each interface, by its name.
        public var priorities: [Priority] = []

        /// No marks.
        public init() {}

        /// The priority on one interface.
        public struct Priority: Sendable, Equatable {
            /// The interface.
            public var name: String
            /// The priority.
            public var priority: UInt32

            /// Creates it.
            public init(name: String, priority: UInt32) {
                self.name = name
                self.priority = priority
            }
        }
    }

    /// How much of one RDMA device.
    public struct RDMALimit: Sendable, Equatable {
        /// The most handles.
        public var handles: UInt32?
        /// The most objects.
        public var objects: UInt32?

        /// Creates it.
        public init(handles: UInt32?, objects: UInt32?) {
            self.handles = handles
            self.objects = objects
        }
    }
}

extension RuntimeResources.Block {
    init(_ field: JSONField) throws(JSONError) {
        weight = try Self.weight(field, "weight")
        leafWeight = try Self.weight(field, "leafWeight")
        deviceWeights = try field.list("weightDevice") { field throws(JSONError) in
            let weight = RuntimeResources.DeviceWeight(
                major: try field.required("major").number(), minor: try field.required("minor").number(),
                weight: try Self.weight(field, "weight"), leafWeight: try Self.weight(field, "leafWeight"))
            guard weight.weight != nil || weight.leafWeight != nil else {
                throw field.error("must have a weight or a leafWeight")
            }
            return weight
        }
        readBytes = try Self.throttles(field, "throttleReadBpsDevice")
        writtenBytes = try Self.throttles(field, "throttleWriteBpsDevice")
        reads = try Self.throttles(field, "throttleReadIOPSDevice")
        writes = try Self.throttles(field, "throttleWriteIOPSDevice")
    }

    /// 0 is what clients say who ask for nothing.
    private static func weight(_ field: JSONField, _ name: String) throws(JSONError) -> UInt16? {
        guard let member = try field.optional(name) else { return nil }
        let weight = try member.number(UInt16.self)
        if weight == 0 { return nil }
        guard (10...1000).contains(weight) else { throw member.error("must be from 10 to 1000") }
        return weight
    }

    private static func throttles(
        _ field: JSONField, _ name: String
    ) throws(JSONError) -> [RuntimeResources.Throttle] {
        try field.list(name) { field throws(JSONError) in
            RuntimeResources.Throttle(
                major: try field.required("major").number(), minor: try field.required("minor").number(),
                rate: try field.required("rate").number())
        }
    }

    var json: JSON? {
        func array(_ list: [RuntimeResources.Throttle]) -> JSON? {
            list.isEmpty
                ? nil
                : .array(list.map { ["major": JSON($0.major), "minor": JSON($0.minor), "rate": JSON($0.rate)] })
        }
        if self == Self() { return nil }
        return .members([
            "weight": weight.map { JSON($0) }, "leafWeight": leafWeight.map { JSON($0) },
            "weightDevice": deviceWeights.isEmpty
                ? nil
                : .array(
                    deviceWeights.map {
                        .members([
                            "major": JSON($0.major), "minor": JSON($0.minor), "weight": $0.weight.map { JSON($0) },
                            "leafWeight": $0.leafWeight.map { JSON($0) },
                        ])
                    }),
            "throttleReadBpsDevice": array(readBytes), "throttleWriteBpsDevice": array(writtenBytes),
            "throttleReadIOPSDevice": array(reads), "throttleWriteIOPSDevice": array(writes),
        ])
    }
}

extension RuntimeResources.HugePageLimit {
    init(_ field: JSONField) throws(JSONError) {
        let size = try field.required("pageSize")
        pageSize = try size.string()
        let digits = pageSize.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, digits.first != "0", ["KB", "MB", "GB"].contains(pageSize.dropFirst(digits.count)) else {
            throw size.error("must be a size such as 64KB, 2MB or 1GB")
        }
        limit = try field.required("limit").number()
    }

    var json: JSON { ["pageSize": .string(pageSize), "limit": JSON(limit)] }
}

extension RuntimeResources.Network {
    init(_ field: JSONField) throws(JSONError) {
        classID = try field.optional("classID")?.number()
        priorities = try field.list("priorities") { field throws(JSONError) in
            Priority(name: try field.required("name").string(), priority: try field.required("priority").number())
        }
    }

    var json: JSON? {
        self == Self()
            ? nil
            : .members([
                "classID": classID.map { JSON($0) },
                "priorities": priorities.isEmpty
                    ? nil : .array(priorities.map { ["name": .string($0.name), "priority": JSON($0.priority)] }),
            ])
    }
}

extension RuntimeResources.RDMALimit {
    init(_ field: JSONField) throws(JSONError) {
        handles = try field.optional("hcaHandles")?.number()
        objects = try field.optional("hcaObjects")?.number()
        guard handles != nil || objects != nil else { throw field.error("must have hcaHandles or hcaObjects") }
    }

    var json: JSON { .members(["hcaHandles": handles.map { JSON($0) }, "hcaObjects": objects.map { JSON($0) }]) }
}
