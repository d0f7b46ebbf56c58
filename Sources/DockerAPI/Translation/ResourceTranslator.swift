import DockerModels
import Engine
import NIOHTTP1

/// The limits of a host configuration; 0, and where Docker says so -1, mean none.
struct ResourceTranslator {
    let host: HostConfig

    init(_ host: HostConfig) { self.host = host }

    func limits() throws(APIError) -> ResourceLimits {
        var limits = ResourceLimits()
        limits.memory = try Self.positive(host.memory, "Memory")
        limits.memoryReservation = try Self.positive(host.memoryReservation, "MemoryReservation")
        limits.memorySwap = try swap()
        if let swappiness = host.memorySwappiness, swappiness != -1 {
            guard (0...100).contains(swappiness) else {
                throw APIError(
                    .badRequest, "Invalid value: \(swappiness), valid memory swappiness range is 0-100")
            }
            limits.memorySwappiness = UInt64(swappiness)
        }
        limits.oomKillDisable = host.oomKillDisable ?? false
        try processors(&limits)
        if let processes = host.pidsLimit, processes > 0 { limits.processes = processes }
        for ulimit in host.ulimits ?? [] {
            guard let name = ulimit.name.nonEmpty else { throw APIError(.badRequest, "invalid ulimit: it has no name") }
            limits.ulimits.append(
                Ulimit(name: name, soft: Self.limit(ulimit.soft), hard: Self.limit(ulimit.hard ?? ulimit.soft)))
        }
        if let score = host.oomScoreAdj, score != 0 {
            guard (-1000...1000).contains(score) else {
                throw APIError(
                    .badRequest, "Invalid value \(score), range for oom score adj is [-1000, 1000]")
            }
            limits.oomScoreAdjustment = score
        }
        if let weight = host.blkioWeight, weight != 0 {
            guard (10...1000).contains(weight) else {
                throw APIError(.badRequest, "Range of blkio weight is from 10 to 1000")
            }
            limits.blockWeight = weight
        }
        return limits
    }

    private func swap() throws(APIError) -> Int64? {
        guard let swap = host.memorySwap, swap != 0 else { return nil }
        let memory = host.memory ?? 0
        if swap > 0 && memory == 0 {
            throw APIError(.badRequest, "You should always set the Memory limit when using Memoryswap limit, see usage")
        }
        if swap > 0 && swap < memory {
            throw APIError(
                .badRequest, "Minimum memoryswap limit should be larger than memory limit, see usage")
        }
        guard swap >= -1 else { throw APIError(.badRequest, "invalid MemorySwap: \(swap)") }
        return swap
    }

    private func processors(_ limits: inout ResourceLimits) throws(APIError) {
        limits.nanoProcessors = try Self.positive(host.nanoCpus, "NanoCpus")
        limits.cpuShares = try Self.positive(host.cpuShares, "CpuShares")
        limits.cpuPeriod = try Self.positive(host.cpuPeriod, "CpuPeriod")
        if let quota = host.cpuQuota, quota != 0 { limits.cpuQuota = quota }
        limits.cpusetCpus = host.cpusetCpus.nonEmpty
        limits.cpusetMems = host.cpusetMems.nonEmpty
        if limits.nanoProcessors != nil {
            if limits.cpuPeriod != nil {
                throw APIError(.badRequest, "Conflicting options: Nano CPUs and CPU Period cannot both be set.")
            }
            if limits.cpuQuota != nil {
                throw APIError(.badRequest, "Conflicting options: Nano CPUs and CPU Quota cannot both be set.")
            }
        }
    }

    /// A number, or nil for 0.
    static func positive(_ number: Int64?, _ name: String) throws(APIError) -> UInt64? {
        guard let number, number != 0 else { return nil }
        guard number > 0 else { throw APIError(.badRequest, "invalid \(name): \(number) must not be negative") }
        return UInt64(number)
    }

    private static func limit(_ number: Int64?) -> UInt64 {
        number.map { $0 < 0 ? .max : UInt64($0) } ?? 0
    }
}
