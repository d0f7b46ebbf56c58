internal import OCI

extension StatisticsReport: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init()
        processorTotal = try field.number("processorTotal", default: 0)
        processorUser = try field.number("processorUser", default: 0)
        processorKernel = try field.number("processorKernel", default: 0)
        periods = try field.number("periods", default: 0)
        throttledPeriods = try field.number("throttledPeriods", default: 0)
        throttledTime = try field.number("throttledTime", default: 0)
        memoryUsage = try field.number("memoryUsage", default: 0)
        memoryInactiveFile = try field.number("memoryInactiveFile", default: 0)
        processes = try field.number("processes", default: 0)
        blockRead = try field.number("blockRead", default: 0)
        blockWritten = try field.number("blockWritten", default: 0)
        systemProcessorTotal = try field.number("systemProcessorTotal", default: 0)
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
        members["processorTotal"] = JSON(processorTotal)
        members["processorUser"] = JSON(processorUser)
        members["processorKernel"] = JSON(processorKernel)
        members["periods"] = JSON(periods)
        members["throttledPeriods"] = JSON(throttledPeriods)
        members["throttledTime"] = JSON(throttledTime)
        members["memoryUsage"] = JSON(memoryUsage)
        members["memoryInactiveFile"] = JSON(memoryInactiveFile)
        members["processes"] = JSON(processes)
        members["blockRead"] = JSON(blockRead)
        members["blockWritten"] = JSON(blockWritten)
        members["systemProcessorTotal"] = JSON(systemProcessorTotal)
        members["memoryMaximum"] = memoryMaximum.map { JSON($0) }
        members["memoryLimit"] = memoryLimit.map { JSON($0) }
        members["processLimit"] = processLimit.map { JSON($0) }
        members["processors"] = JSON(processors)
        members["machine"] = machine?.json
        members["memoryDetails"] = .object(memoryDetails.mapValues { JSON($0) })
        members["interfaces"] = .object(interfaces.mapValues { $0.json })
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
