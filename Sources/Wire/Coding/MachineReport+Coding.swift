internal import OCI

extension MachineReport: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init()
        memory = try field.number("memory", default: 0)
        memoryUsed = try field.number("memoryUsed", default: 0)
        memoryShared = try field.number("memoryShared", default: 0)
        balloon = try field.number("balloon", default: 0)
        memoryReturned = try field.number("memoryReturned", default: 0)
        exits = try field.optional("exits")?.counters() ?? [:]
        for (name, value) in try field.optional("devices")?.members() ?? [:] { devices[name] = try value.counters() }
    }

    var json: JSON {
        var members: [String: JSON] = [:]
        members["memory"] = JSON(memory)
        members["memoryUsed"] = JSON(memoryUsed)
        members["memoryShared"] = JSON(memoryShared)
        members["balloon"] = JSON(balloon)
        members["memoryReturned"] = JSON(memoryReturned)
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
