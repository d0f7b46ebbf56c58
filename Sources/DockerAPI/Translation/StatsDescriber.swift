import DockerModels
import Engine
import Wire

/// What a container uses, as `GET /containers/{id}/stats` has it.
enum StatsDescriber {
    /// One sample.
    ///
    /// - Parameter previous: the sample before, for shares of processor time.
    static func sample(
        _ container: ContainerRecord, _ report: StatisticsReport?, at time: Int64,
        previous: (report: StatisticsReport, time: Int64)?
    ) -> StatsSample {
        var sample = StatsSample()
        sample.name = "/" + container.name
        sample.id = container.id
        sample.read = RFC3339.text(report == nil ? 0 : time)
        sample.preread = RFC3339.text(previous?.time ?? 0)
        sample.numProcs = 0
        sample.pidsStats = .init()
        sample.blkioStats = .init()
        sample.cpuStats = cpu(report)
        sample.precpuStats = cpu(previous?.report)
        sample.memoryStats = .init()
        guard let report else { return sample }
        sample.pidsStats = .init(current: report.processes, limit: report.processLimit ?? .max)
        sample.blkioStats?.serviceBytes = [
            .init(op: "read", value: report.blockRead), .init(op: "write", value: report.blockWritten),
        ]
        sample.memoryStats?.usage = report.memoryUsage
        sample.memoryStats?.maxUsage = report.memoryMaximum
        // Without a limit of its own, the host's memory is the limit.
        sample.memoryStats?.limit = report.memoryLimit ?? HostMemory.total
        sample.memoryStats?.stats = report.memoryDetails.merging(
            // Clients subtract one or the other from the usage, by the version of control groups that they guess.
            ["inactive_file": report.memoryInactiveFile, "total_inactive_file": report.memoryInactiveFile]
        ) { _, ours in ours }
        if !report.interfaces.isEmpty { sample.networks = report.interfaces.mapValues(interface) }
        return sample
    }

    private static func cpu(_ report: StatisticsReport?) -> StatsSample.CPUStats {
        var stats = StatsSample.CPUStats()
        stats.cpuUsage = .init(
            total: report?.processorTotal ?? 0, kernel: report?.processorKernel ?? 0, user: report?.processorUser ?? 0)
        stats.throttlingData = .init(
            periods: report?.periods ?? 0, throttledPeriods: report?.throttledPeriods ?? 0,
            throttledTime: report?.throttledTime ?? 0)
        stats.systemCPUUsage = report?.systemProcessorTotal
        stats.onlineCPUs = report?.processors
        return stats
    }

    private static func interface(_ counters: InterfaceCounters) -> StatsSample.InterfaceStats {
        var stats = StatsSample.InterfaceStats()
        stats.rxBytes = counters.receivedBytes
        stats.rxPackets = counters.receivedPackets
        stats.rxErrors = counters.receivedErrors
        stats.rxDropped = counters.receivedDropped
        stats.txBytes = counters.sentBytes
        stats.txPackets = counters.sentPackets
        stats.txErrors = counters.sentErrors
        stats.txDropped = counters.sentDropped
        return stats
    }
}
