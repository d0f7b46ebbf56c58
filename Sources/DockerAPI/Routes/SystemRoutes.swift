import DockerModels
import Engine
import NIOHTTP1

/// What the daemon says of itself.
struct SystemRoutes: Sendable {
    let engine: Engine

    var routes: [Route] {
        [
            Route(.HEAD, "/_ping") { ping($0) },
            Route(.GET, "/_ping") { ping($0) },
            Route(.GET, "/version") { _ in try await version() },
        ]
    }

    private func ping(_ call: Call) -> Reply { .text(call.exchange.head.method == .HEAD ? "" : "OK") }

    private func version() async throws -> Reply {
        let report = await engine.info()
        var version = SystemVersion()
        version.platform = .init(name: "Bulkhead")
        version.version = engine.configuration.version
        version.apiVersion = APIVersion.newest.description
        version.minAPIVersion = APIVersion.oldest.description
        version.os = "linux"
        version.arch = report.dockerArchitecture
        version.kernelVersion = report.kernel
        version.gitCommit = ""
        version.goVersion = ""
        version.buildTime = ""
        version.components = [
            .init(
                name: "Engine", version: engine.configuration.version,
                details: [
                    "ApiVersion": APIVersion.newest.description, "MinAPIVersion": APIVersion.oldest.description,
                    "Os": "linux", "Arch": report.dockerArchitecture, "KernelVersion": report.kernel,
                    "Experimental": "false", "GitCommit": "", "GoVersion": "", "BuildTime": "",
                ])
        ]
        return try .json(version)
    }
}

extension SystemReport {
    /// The architecture as Docker names it.
    var dockerArchitecture: String {
        switch architecture {
        case "", "x86_64": "amd64"
        case "aarch64": "arm64"
        default: architecture
        }
    }
}
