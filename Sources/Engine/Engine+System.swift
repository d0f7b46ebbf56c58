import Glibc
import Images
import Linux
import Machines

extension Engine {
    /// What the engine says of itself and its host.
    public func info() async -> SystemReport {
        var report = SystemReport(id: identifier, root: configuration.root)
        let states = containers.values.map(\.record.state)
        report.containers = states.count
        report.running = states.count { $0.status == .running || $0.status == .restarting }
        report.paused = states.count { $0.isPaused }
        report.stopped = report.containers - report.running - report.paused
        report.images = await imageStore.list().count
        report.hostname = host.hostname
        report.kernel = host.kernelRelease
        report.architecture = HostFacts.architecture
        let release = OperatingSystemRelease(FileText.read("/etc/os-release") ?? "")
        report.operatingSystem = release["PRETTY_NAME"] ?? "Linux"
        report.operatingSystemVersion = release["VERSION_ID"] ?? ""
        report.processors = host.processors
        report.memory = host.memory
        report.cgroupVersion = host.unifiedCgroups ? "2" : "1"
        report.limits = LimitFacts.current(unified: host.unifiedCgroups)
        report.forwardsPackets = FileText.read("/proc/sys/net/ipv4/ip_forward")?.trimmed == "1"
        report.backingFileSystem = FileSystemType(of: configuration.root).name ?? "<unknown>"
        report.eventListeners = events.listenerCount
        report.version = configuration.version
        let choice = HypervisorChoice(rawValue: configuration.hypervisor.rawValue) ?? .auto
        do {
            let hypervisor = try choice.hypervisor()
            report.hypervisor = "\(hypervisor.name) (\(hypervisor.accelerator.rawValue))"
            if hypervisor.accelerator == .tcg {
                report.warnings.append(
                    "WARNING: the processor's virtualisation can't be used: machines are emulated in software")
            }
        } catch {
            report.hypervisor = "none: \(error.message)"
        }
        return report
    }
}

/// /etc/os-release.
struct OperatingSystemRelease {
    private var values: [Substring: String] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            var value = line[line.index(after: equals)...]
            if let quote = value.first, quote == "\"" || quote == "'", value.last == quote, value.count >= 2 {
                value = value.dropFirst().dropLast()
            }
            values[line[..<equals]] = String(value)
        }
    }

    subscript(_ name: Substring) -> String? { values[name] }
}

extension HostFacts {
    /// As `uname -m` prints it.
    static var architecture: String {
        #if arch(x86_64)
        "x86_64"
        #elseif arch(arm64)
        "aarch64"
        #else
        "unknown"
        #endif
    }
}
