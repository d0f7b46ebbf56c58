import Linux
public import Images
import Logging
import Networks
import Wire

/// The truth about containers, machines, volumes, networks and images of one host, and all that can be done to them.
///
/// It knows neither HTTP nor processes: clients come through the API, and containers are run by monitors, which survive
/// it.
public actor Engine {
    /// Where things are.
    public nonisolated let configuration: EngineConfiguration
    /// What happens.
    public nonisolated let events = EventBus()
    /// This installation's own identifier.
    public nonisolated let identifier: String

    nonisolated let logger: Logger
    nonisolated let database: Database
    nonisolated let launcher: MonitorLauncher
    nonisolated let paths: EnginePaths
    nonisolated let host: HostFacts
    nonisolated let network: BridgeNetwork
    /// Identifiers of the networks, by name.
    nonisolated let networkIdentifiers: [String: String]
    nonisolated let openedAt = Timestamp.now
    nonisolated let filters: SeccompFilters
    nonisolated let images: any ImageSource
    /// All images, complete or not there.
    public nonisolated let imageStore: ImageStore
    /// Held open for as long as this daemon owns the root.
    var lock: RootLock?

    var containers: [String: ManagedContainer] = [:]
    /// Identifiers by name.
    var names: [String: String] = [:]
    /// Which container an exec belongs to, by the exec's identifier.
    var execOwners: [String: String] = [:]
    var volumesByName: [String: VolumeRecord] = [:]
    var machinesByName: [String: ManagedMachine] = [:]
    /// The machines of containers of level `vm`, by the container's identifier.
    var ownMachines: [String: ManagedMachine] = [:]
    var machineExecs: [String: ExecRecord] = [:]
    var isShuttingDown = false

    /// - Parameter images: where containers' images come from, instead of the store: a seam for tests.
    init(configuration: EngineConfiguration, images: (any ImageSource)? = nil) throws(EngineError) {
        self.configuration = configuration
        logger = configuration.logger
        paths = EnginePaths(configuration)
        try paths.prepare()
        lock = try RootLock(paths.root + "/lock")
        do { imageStore = try ImageStore(root: paths.root) } catch { throw EngineError(error) }
        self.images = images ?? StoredImages(store: imageStore)
        database = try Database(path: paths.root + "/bulkhead.db")
        identifier = try database.setting("identifier") { Identifier.random() }
        var identifiers: [String: String] = [:]
        for name in ["bridge", "host", "none"] {
            identifiers[name] = try database.setting("network \(name)") { Identifier.random() }
        }
        networkIdentifiers = identifiers
        network = BridgeNetwork(try configuration.bridge.configuration(root: configuration.root))
        launcher = MonitorLauncher(program: try paths.helper("bulkhead-monitor"))
        host = HostFacts.current()
        filters = SeccompFilters(directory: paths.root + "/seccomp", logger: configuration.logger)
    }

    /// Opens what a daemon before has left: adopts what runs, sweeps what is half-made.
    public static func open(_ configuration: EngineConfiguration) async throws(EngineError) -> Engine {
        let engine = try Engine(configuration: configuration)
        try await engine.adopt()
        return engine
    }
}

extension EngineConfiguration.BridgeSettings {
    func configuration(root: String) throws(EngineError) -> BridgeConfiguration {
        var configuration = BridgeConfiguration(root: root)
        if let name { configuration.name = name }
        if let subnet {
            guard let address = IPv4Prefix(subnet) else {
                throw EngineError(.invalid, "the bridge's address \(subnet) is none: write it as 172.17.0.1/16")
            }
            configuration.address = address
        }
        return configuration
    }
}
