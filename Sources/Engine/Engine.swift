import Logging

/// The truth about containers, machines, volumes, networks and images of one host, and all that can be done to them.
///
/// It knows neither HTTP nor processes: clients come through ``DockerAPI``, and containers are run by monitors, which
/// survive it.
public actor Engine {
    /// Where things are.
    public nonisolated let configuration: EngineConfiguration
    /// What happens.
    public nonisolated let events = EventBus()

    let logger: Logger

    init(configuration: EngineConfiguration) {
        self.configuration = configuration
        logger = configuration.logger
    }

    /// Opens what a daemon before has left: adopts what runs, sweeps what is half-made.
    public static func open(_ configuration: EngineConfiguration) async throws(EngineError) -> Engine {
        Engine(configuration: configuration)
    }

    /// Ends everything that runs, as the host goes down, and leaves nothing behind on the host.
    public func shutdown() async {}
}
