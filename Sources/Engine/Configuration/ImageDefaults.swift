/// What an image says of how its program is run.
struct ImageDefaults: Sendable, Equatable {
    var id = ""
    var entrypoint: [String] = []
    var command: [String] = []
    var environment: [String] = []
    var workingDirectory = ""
    var user = ""
    var labels: [String: String] = [:]
    var exposedPorts: [ContainerPort] = []
    var volumes: [String] = []
    var stopSignal: String?
}
