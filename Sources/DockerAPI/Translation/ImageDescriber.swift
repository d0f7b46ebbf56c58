import DockerModels
import Engine
import Glibc
import Images
import NIOHTTP1
import OCI

/// Says of an image what clients want to know.
struct ImageDescriber {
    let image: ImageRecord

    /// For `GET /images/json`.
    func summary(containers: Int) -> ImageSummary {
        var made = ImageSummary()
        made.id = "\(image.id)"
        made.parentID = ""
        made.repoTags = image.references
        made.repoDigests = []
        made.created = image.created / 1_000_000_000
        made.size = image.size
        made.sharedSize = -1
        made.labels = image.configuration.process.labels
        made.containers = Int64(containers)
        return made
    }

    /// For `GET /images/{name}/json`.
    func inspection() -> ImageInspection {
        let configuration = image.configuration
        var made = ImageInspection()
        made.id = "\(image.id)"
        made.repoTags = image.references
        made.repoDigests = []
        made.parent = ""
        made.comment = configuration.history.last?.comment ?? ""
        made.created = configuration.created.isEmpty ? nil : configuration.created
        made.dockerVersion = ""
        made.author = configuration.author
        made.config = config()
        made.architecture = configuration.architecture
        made.os = configuration.operatingSystem
        made.size = image.size
        made.graphDriver = .object(["Name": "overlay2", "Data": .null])
        made.rootFS = .init(layers: configuration.diffIDs.map { "\($0)" })
        made.metadata = .init(lastTagTime: RFC3339.text(image.stored * 1_000_000_000))
        return made
    }

    private func config() -> ImageConfig {
        let process = image.configuration.process
        var config = ImageConfig()
        config.user = process.user.isEmpty ? nil : process.user
        config.exposedPorts = set(process.exposedPorts)
        config.env = process.environment
        config.cmd = process.command.isEmpty ? nil : StringList(process.command)
        config.entrypoint = process.entrypoint.isEmpty ? nil : StringList(process.entrypoint)
        config.volumes = set(process.volumes)
        config.workingDir = process.workingDirectory.isEmpty ? nil : process.workingDirectory
        config.labels = process.labels.isEmpty ? nil : process.labels
        config.stopSignal = process.stopSignal.isEmpty ? nil : process.stopSignal
        config.onBuild = process.onBuild.isEmpty ? nil : process.onBuild
        return config
    }

    private func set(_ names: [String]) -> Members? {
        names.isEmpty ? nil : Members(names.map { ($0, Empty()) }, uniquingKeysWith: { first, _ in first })
    }

    /// For `GET /images/{name}/history`: newest first.
    func history() -> [ImageHistoryItem] {
        var sizes = image.layers.map(\.size)[...]
        var items: [ImageHistoryItem] = []
        for step in image.configuration.history {
            var item = ImageHistoryItem()
            item.id = "<missing>"
            item.created = (RFC3339.nanoseconds(step.created) ?? 0) / 1_000_000_000
            item.createdBy = step.createdBy
            item.comment = step.comment
            item.size = step.isEmptyLayer ? 0 : sizes.popFirst() ?? 0
            items.append(item)
        }
        items.reverse()
        if !items.isEmpty {
            items[0].id = "\(image.id)"
            items[0].tags = image.references
        }
        return items
    }
}

extension ImageRecord {
    /// When it was made, in nanoseconds since 1970, or when it came here.
    var created: Int64 { RFC3339.nanoseconds(configuration.created) ?? stored * 1_000_000_000 }
}

/// Decides which images a list shows.
struct ImageFilter {
    private let filters: Filters
    private let dangling: Bool?
    private let before: Int64?
    private let since: Int64?

    /// - Parameter created: when an image was made, by its name.
    init(_ filters: Filters, created: (String) async throws -> Int64) async throws {
        self.filters = filters
        dangling = try filters.flag("dangling")
        var before: Int64?
        for name in filters["before"] { before = min(before ?? .max, try await created(name)) }
        for text in filters["until"] {
            guard let time = RFC3339.nanoseconds(text) ?? Int64(text).map({ $0 &* 1_000_000_000 }) else {
                throw APIError(.badRequest, "invalid filter 'until=[\(text)]'")
            }
            before = min(before ?? .max, time)
        }
        self.before = before
        var since: Int64?
        for name in filters["since"] { since = max(since ?? .min, try await created(name)) }
        self.since = since
    }

    func matches(_ image: ImageRecord) -> Bool {
        if let dangling, dangling != image.references.isEmpty { return false }
        if let before, image.created >= before { return false }
        if let since, image.created <= since { return false }
        return filters.matchesLabels(image.configuration.process.labels)
            && filters.matches("reference") { pattern in
                image.references.contains { Self.matches($0, pattern) }
            }
    }

    /// Whether `busybox:latest` is meant by `busybox`, `busy*`, `busybox:l*`.
    private static func matches(_ reference: String, _ pattern: String) -> Bool {
        let name = reference.lastIndex(of: ":").map { String(reference[..<$0]) } ?? reference
        return fnmatch(pattern, reference, FNM_PATHNAME) == 0 || fnmatch(pattern, name, FNM_PATHNAME) == 0
    }
}
