public import ArgumentParser
import DockerAPI
public import Engine
import Logging

/// Where clients connect.
struct ListeningOptions: ParsableArguments {
    @Option(
        name: [.customShort("H"), .customLong("host")],
        help: ArgumentHelp(
            "Address to listen on, more than once: unix:///path or tcp://host:port.", valueName: "address"))
    var hosts: [String] = []

    static let usual = "unix:///run/bulkhead.sock"

    var addresses: [ListeningAddress] { (hosts.isEmpty ? [Self.usual] : hosts).compactMap { ListeningAddress($0) } }

    func validate() throws {
        for host in hosts where ListeningAddress(host) == nil {
            throw ValidationError("'\(host)' is not an address: write unix:///path or tcp://host:port")
        }
    }
}

/// Where things are kept.
struct PlaceOptions: ParsableArguments {
    @Option(
        name: [.customLong("root"), .customLong("data-root")],
        help: ArgumentHelp("What persists: images, containers, volumes.", valueName: "folder"))
    var root = "/var/lib/bulkhead"

    @Option(
        name: .customLong("exec-root"),
        help: ArgumentHelp("What lives no longer than the host runs: sockets.", valueName: "folder"))
    var executionRoot = "/run/bulkhead"

    @Option(
        name: [.customShort("p"), .customLong("pidfile")],
        help: ArgumentHelp("File that gets the process's number.", valueName: "file"))
    var pidFile: String?

    func validate() throws {
        for path in [root, executionRoot] where !path.hasPrefix("/") {
            throw ValidationError("'\(path)' must be an absolute path")
        }
    }
}

/// What containers and machines get where nothing else is asked for.
struct DefaultOptions: ParsableArguments {
    @Option(
        name: [.customShort("b"), .long],
        help: ArgumentHelp("Interface of the default bridge.", valueName: "name"))
    var bridge: String?

    @Option(help: ArgumentHelp("Address of the default bridge, 172.17.0.1/16.", valueName: "address"))
    var bip: String?

    @Flag(help: "Leave containers and machines running when the daemon is told to end.")
    var liveRestore = false

    @Option(help: ArgumentHelp("Parent cgroup of containers.", valueName: "path"))
    var cgroupParent: String?

    @Option(help: ArgumentHelp("Runtime: bulkhead; the names of Docker's are accepted.", valueName: "name"))
    var defaultRuntime = "bulkhead"

    @Option(help: ArgumentHelp("Hypervisor of machines: auto, kvm or qemu.", valueName: "name"))
    var hypervisor = EngineConfiguration.HypervisorSetting.auto

    @Option(help: ArgumentHelp("Unpacked kernel package for machines; usually ROOT/kernel.", valueName: "folder"))
    var kernel: String?

    @Option(
        help: ArgumentHelp("Folder of bulkhead-monitor and the others; usually beside this one.", valueName: "folder"))
    var helpers: String?

    @Option(help: ArgumentHelp("Program of `run --init`; usually docker-init or tini-static.", valueName: "file"))
    var initPath: String?

    func validate() throws {
        guard RuntimeNames.process.contains(defaultRuntime) else {
            throw ValidationError(
                "unknown runtime '\(defaultRuntime)': it is one of \(RuntimeNames.process.joined(separator: ", "))")
        }
    }

    func apply(to configuration: inout EngineConfiguration) throws {
        configuration.bridge.name = bridge
        configuration.bridge.subnet = bip
        configuration.hypervisor = hypervisor
        configuration.kernelDirectory = kernel
        configuration.helpers = helpers
        configuration.initPath = initPath
        configuration.liveRestore = liveRestore
        if let cgroupParent { configuration.cgroupParent = cgroupParent }
    }
}

extension EngineConfiguration.HypervisorSetting: ExpressibleByArgument {}

/// What the daemon says.
struct MessageOptions: ParsableArguments {
    @Flag(name: [.customShort("D"), .long], help: "Say everything.")
    var debug = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("How much to say: debug, info, warn, error, fatal.", valueName: "level"))
    var logLevel = "info"

    func validate() throws {
        guard level != nil else { throw ValidationError("unknown log level '\(logLevel)'") }
    }

    private var level: Logger.Level? {
        if debug { return .debug }
        return switch logLevel {
        case "debug", "trace": .debug
        case "info": .info
        case "warn", "warning": .warning
        case "error": .error
        case "fatal", "panic": .critical
        default: nil
        }
    }

    func logger() -> Logger {
        var logger = Logger(label: "bulkheadd") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level ?? .info
        return logger
    }
}
