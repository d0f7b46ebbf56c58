internal import OCI

extension StatisticsReport: WireValue {
    /// The members that are plain counters, by name.
    private static let counters: [(String, any WritableKeyPath<StatisticsReport, UInt64> & Sendable)] = [
        ("processorTotal", \.processorTotal), ("processorUser", \.processorUser),
        ("processorKernel", \.processorKernel), ("periods", \.periods), ("throttledPeriods", \.throttledPeriods),
        ("throttledTime", \.throttledTime), ("memoryUsage", \.memoryUsage),
        ("memoryInactiveFile", \.memoryInactiveFile), ("processes", \.processes), ("blockRead", \.blockRead),
        ("blockWritten", \.blockWritten), ("systemProcessorTotal", \.systemProcessorTotal),
    ]

    init(_ field: JSONField) throws(JSONError) {
        self.init()
        for (name, path) in StatisticsReport.counters { self[keyPath: path] = try field.number(name, default: 0) }
        memoryMaximum = try field.optional("memoryMaximum")?.number()
        memoryLimit = try field.optional("memoryLimit")?.number()
        processLimit = try field.optional("processLimit")?.number()
        processors = try field.number("processors", default: 0)
        machine = try field.value("machine")
        for (name, value) in try field.optional("memoryDetails")?.members() ?? [:] {
            memoryDetails[name] = try value.number()
        }
        for (name, value) in try field.optional("interfaces")?.members() ?? [:] {
            interfaces[name] = try InterfaceCounters(value)
        }
    }

    var json: JSON {
        var members: [String: JSON] = [:]
        for (name, path) in StatisticsReport.counters { members[name] = JSON(self[keyPath: path]) }
        members["memoryMaximum"] = memoryMaximum.map { JSON($0) }
        members["memoryLimit"] = memoryLimit.map { JSON($0) }
        members["processLimit"] = processLimit.map { JSON($0) }
        members["processors"] = JSON(processors)
        members["machine"] = machine?.json
        members["memoryDetails"] = .object(memoryDetails.mapValues { JSON($0) })
        members["interfaces"] = .object(interfaces.mapValues(\.json))
        return .object(members)
    }
}

extension InterfaceCounters: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init()
        receivedBytes = try field.number("receivedBytes", default: 0)
        receivedPackets = try field.number("receivedPackets", default: 0)
        receivedErrors = try field.number("receivedErrors", default: 0)
        receivedDropped = try field.number("receivedDropped", default: 0)
        sentBytes = try field.number("sentBytes", default: 0)
        sentPackets = try field.number("sentPackets", default: 0)
        sentErrors = try field.number("sentErrors", default: 0)
        sentDropped = try field.number("sentDropped", default: 0)
    }

    var json: JSON {
        [
            "receivedBytes": JSON(receivedBytes), "receivedPackets": JSON(receivedPackets),
            "receivedErrors": JSON(receivedErrors), "receivedDropped": JSON(receivedDropped),
            "sentBytes": JSON(sentBytes), "sentPackets": JSON(sentPackets), "sentErrors": JSON(sentErrors),
            "sentDropped": JSON(sentDropped),
        ]
    }
}
