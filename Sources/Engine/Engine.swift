import Linux
import Images
import Logging
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
    nonisolated let filters: SeccompFilters
    nonisolated let images: any ImageSource
    /// All images, complete or not there.
    nonisolated let imageStore: ImageStore
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
