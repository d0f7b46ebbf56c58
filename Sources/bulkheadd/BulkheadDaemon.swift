import ArgumentParser
import DockerAPI
import Engine
import Logging

/// The daemon's command line, Docker's where it means the same.
@main
struct BulkheadDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulkheadd",
        abstract: "Runs containers and virtual machines, and serves Docker's API.",
        discussion: """
            It stays in the foreground. SIGTERM and SIGINT end it and what it runs in order; with --live-restore, and
            whenever it ends in any other way, containers and machines go on, and the next daemon finds them.

              bulkheadd                                    everything where it usually is
              bulkheadd --root /tmp/b --exec-root /tmp/b/run -H unix:///tmp/b/sock --bridge none
            """,
        version: "bulkheadd version \(EngineConfiguration(root: "").version)")

    @OptionGroup(title: "Listening") var listening: ListeningOptions
    @OptionGroup(title: "Places") var places: PlaceOptions
    @OptionGroup(title: "Defaults") var defaults: DefaultOptions
    @OptionGroup(title: "Messages") var messages: MessageOptions

    func run() async throws {
        let logger = messages.logger()
        let stop = StopSignals()
        let engine = try await Engine.open(try configuration(logger))
        let pidFile = try places.pidFile.map { try PidFile($0) }
        defer { pidFile?.remove() }
        let server = APIServer(engine: engine)
        for address in listening.addresses {
            try await server.listen(on: address)
            logger.info("listening", metadata: ["address": "\(address)"])
        }
        let signal = await stop.first()
        logger.info("stopping", metadata: ["signal": "\(signal)"])
        await server.shutdown()
        if !engine.configuration.liveRestore { await engine.shutdown() }
    }

    private func configuration(_ logger: Logger) throws -> EngineConfiguration {
        var configuration = EngineConfiguration(
            root: places.root, executionRoot: places.executionRoot, logger: logger)
        try defaults.apply(to: &configuration)
        return configuration
    }
}
