import DockerModels
import NIOHTTP1

/// Refuses what this version can't honour, so that nothing that was asked for is silently left out.
enum UnsupportedFields {
    static func check(_ creation: ContainerCreation) throws(APIError) {
        let host = creation.hostConfig ?? HostConfig()
        try check(host)
        if let test = creation.config.healthcheck?.test, !test.isEmpty, test != ["NONE"] {
            throw refused("Healthcheck")
        }
        if let requests = host.deviceRequests, !requests.isEmpty {
            throw APIError(
                .badRequest, "could not select device driver for HostConfig.DeviceRequests: there is none yet")
        }
        let driver = host.volumeDriver ?? ""
        guard driver.isEmpty || driver == "local" else {
            throw APIError(.badRequest, "error looking up volume plugin \(driver): plugin \"\(driver)\" not found")
        }
    }

    private static func check(_ host: HostConfig) throws(APIError) {
        let lists: [(String, Int?)] = [
            ("Links", host.links?.count), ("VolumesFrom", host.volumesFrom?.count),
            ("StorageOpt", host.storageOpt?.count), ("DeviceCgroupRules", host.deviceCgroupRules?.count),
            ("BlkioWeightDevice", host.blkioWeightDevice?.count),
            ("BlkioDeviceReadBps", host.blkioDeviceReadBps?.count),
            ("BlkioDeviceWriteBps", host.blkioDeviceWriteBps?.count),
            ("BlkioDeviceReadIOps", host.blkioDeviceReadIOps?.count),
            ("BlkioDeviceWriteIOps", host.blkioDeviceWriteIOps?.count),
        ]
        for (name, count) in lists where (count ?? 0) > 0 { throw refused("HostConfig.\(name)") }
        let numbers: [(String, Int64?)] = [
            ("CpuRealtimePeriod", host.cpuRealtimePeriod), ("CpuRealtimeRuntime", host.cpuRealtimeRuntime),
        ]
        for (name, number) in numbers where (number ?? 0) != 0 { throw refused("HostConfig.\(name)") }
        if host.cgroup.nonEmpty != nil { throw refused("HostConfig.Cgroup") }
        let namespaces: [(String, String?, allowed: [String])] = [
            ("PidMode", host.pidMode, ["", "host", "private"]),
            ("IpcMode", host.ipcMode, ["", "host", "private", "shareable", "none"]),
            ("UTSMode", host.utsMode, ["", "host"]),
            ("CgroupnsMode", host.cgroupnsMode, ["", "host", "private"]),
            ("UsernsMode", host.usernsMode, ["", "host"]),
        ]
        for (name, mode, allowed) in namespaces {
            let mode = mode ?? ""
            if allowed.contains(mode) { continue }
            if mode.hasPrefix("container:") { throw refused("HostConfig.\(name) '\(mode)'") }
            throw APIError(.badRequest, "invalid \(name): \(mode)")
        }
    }

    static func refused(_ field: String) -> APIError {
        APIError(.notImplemented, "\(field) is not supported yet: leave it out")
    }
}
