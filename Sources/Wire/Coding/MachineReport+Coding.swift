internal import OCI

extension MachineReport: WireValue {
    private static let counters: [(String, any WritableKeyPath<MachineReport, UInt64> & Sendable)] = [
        ("memory", \.memory), ("memoryUsed", \.memoryUsed), ("memoryShared", \.memoryShared), ("balloon", \.balloon),
        ("memoryReturned", \.memoryReturned),
    ]

    init(_ field: JSONField) throws(JSONError) {
        self.init()
        for (name, path) in MachineReport.counters { self[keyPath: path] = try field.number(name, default: 0) }
        exits = try field.optional("exits")?.counters() ?? [:]
        for (name, value) in try field.optional("devices")?.members() ?? [:] { devices[name] = try value.counters() }
    }

    var json: JSON {
        var members: [String: JSON] = [:]
        for (name, path) in MachineReport.counters { members[name] = JSON(self[keyPath: path]) }
        members["exits"] = .object(exits.mapValues { JSON($0) })
        members["devices"] = .object(devices.mapValues { .object($0.mapValues { JSON($0) }) })
        return .object(members)
    }
}

extension MachineLimits: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init()
        disk = try field.value("disk")
        sending = try field.value("sending")
        receiving = try field.value("receiving")
        balloon = try field.optional("balloon")?.number()
    }

    var json: JSON {
        .members([
            "disk": disk?.json, "sending": sending?.json, "receiving": receiving?.json,
            "balloon": balloon.map { JSON($0) },
        ])
    }
}

extension MachineLimits.Rate: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init(
            bytes: try field.optional("bytes")?.number(), operations: try field.optional("operations")?.number())
    }

    var json: JSON { .members(["bytes": bytes.map { JSON($0) }, "operations": operations.map { JSON($0) }]) }
}

extension JSONField {
    fileprivate func counters() throws(JSONError) -> [String: UInt64] {
        var counters: [String: UInt64] = [:]
        for (name, value) in try members() { counters[name] = try value.number() }
        return counters
    }
}
