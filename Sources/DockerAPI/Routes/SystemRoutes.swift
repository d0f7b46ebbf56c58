import DockerModels
import Engine
import Logging
import NIOHTTP1
import OCI

/// What the daemon says of itself.
struct SystemRoutes: Sendable {
    let engine: Engine
    /// Headers of every answer.
    let headers: HTTPHeaders

    var routes: [Route] {
        [
            Route(.HEAD, "/_ping") { ping($0) },
            Route(.GET, "/_ping") { ping($0) },
            Route(.GET, "/version") { _ in try await version() },
            Route(.GET, "/info") { _ in try .json(await info()) },
        ]
    }

    private func ping(_ call: Call) -> Reply {
        var headers = headers
        headers.add(name: "Cache-Control", value: "no-cache, no-store, must-revalidate")
        headers.add(name: "Pragma", value: "no-cache")
        headers.add(name: "Swarm", value: "inactive")
        // The classic builder: whoever asks for the other one is told that there is none.
        headers.add(name: "Builder-Version", value: "1")
        headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        call.exchange.reply(.ok, headers, Array((call.exchange.head.method == .HEAD ? "" : "OK").utf8))
        return .written
    }

    private func version() async throws -> Reply {
        let report = await engine.info()
        let newest = APIVersion.newest.description
        let oldest = APIVersion.oldest.description
        var version = SystemVersion()
        version.platform = .init(name: "Bulkhead")
        version.version = engine.configuration.version
        version.apiVersion = newest
        version.minAPIVersion = oldest
        version.os = "linux"
        version.arch = Platform.architecture
        version.kernelVersion = report.kernel
        version.gitCommit = ""
        version.goVersion = ""
        version.buildTime = ""
        version.components = [
            .init(
                name: "Engine", version: engine.configuration.version,
                details: [
                    "ApiVersion": newest, "MinAPIVersion": oldest, "Os": "linux", "Arch": Platform.architecture,
                    "KernelVersion": report.kernel, "Experimental": "false", "GitCommit": "", "GoVersion": "",
                    "BuildTime": "",
                ])
        ]
        return try .json(version)
    }

    private func info() async -> SystemInfo {
        let report = await engine.info()
        var info = SystemInfo()
        info.id = report.id
        info.containers = report.containers
        info.containersRunning = report.running
        info.containersPaused = report.paused
        info.containersStopped = report.stopped
        info.images = report.images
        info.driver = "overlay2"
        info.driverStatus = [["Backing Filesystem", report.backingFileSystem], ["Supports d_type", "true"]]
        info.dockerRootDir = report.root
        info.plugins = .init(volume: ["local"], network: ["bridge", "host", "null"], log: ["json-file", "none"])
        info.systemTime = RFC3339.text(Timestamp.now)
        info.loggingDriver = "json-file"
        info.cgroupDriver = "cgroupfs"
        info.cgroupVersion = report.cgroupVersion
        info.nEventsListener = engine.events.listenerCount
        info.kernelVersion = report.kernel
        info.operatingSystem = report.operatingSystem
        info.osVersion = report.operatingSystemVersion
        info.osType = "linux"
        info.architecture = report.architecture
        info.nCPU = report.processors
        info.memTotal = Int64(clamping: report.memory)
        info.name = report.hostname
        info.serverVersion = engine.configuration.version
        info.runtimes = Dictionary(
            uniqueKeysWithValues: (RuntimeNames.process + ["vm"]).map { ($0, .init(path: "bulkhead-monitor")) })
        info.defaultRuntime = RuntimeNames.usual
        info.swarm = .inactive
        info.securityOptions = ["name=seccomp,profile=builtin", "name=cgroupns"]
        info.warnings = report.warnings
        info.hypervisor = report.hypervisor
        describe(report.limits, &info)
        info.ipv4Forwarding = report.forwardsPackets
        fixed(&info)
        return info
    }

    private func describe(_ limits: LimitFacts, _ info: inout SystemInfo) {
        info.memoryLimit = limits.memory
        info.swapLimit = limits.swap
        info.cpuCfsPeriod = limits.processorQuota
        info.cpuCfsQuota = limits.processorQuota
        info.cpuShares = limits.processorShares
        info.cpuSet = limits.processorSet
        info.pidsLimit = limits.processes
        info.oomKillDisable = limits.outOfMemoryWait
    }

    /// What is the same everywhere.
    private func fixed(_ info: inout SystemInfo) {
        info.debug = engine.configuration.logger.logLevel <= .debug
        info.nFd = 0
        info.nGoroutines = 0
        info.experimentalBuild = false
        info.liveRestoreEnabled = engine.configuration.liveRestore
        info.indexServerAddress = "https://index.docker.io/v1/"
        info.registryConfig = .object([
            "AllowNondistributableArtifactsCIDRs": .array([]),
            "AllowNondistributableArtifactsHostnames": .array([]), "InsecureRegistryCIDRs": .array([]),
            "IndexConfigs": .object([:]), "Mirrors": .array([]),
        ])
        info.genericResources = []
        info.labels = []
        info.httpProxy = ""
        info.httpsProxy = ""
        info.noProxy = ""
        info.isolation = ""
        info.initBinary = "docker-init"
        info.containerdCommit = .init(id: "")
        info.runcCommit = .init(id: "")
        info.initCommit = .init(id: "")
    }
}
