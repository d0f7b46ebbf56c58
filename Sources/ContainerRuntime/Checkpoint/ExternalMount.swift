internal import Glibc
internal import Linux
internal import OCI

/// A mount of a container that came from outside: criu can't make it again, it is bound anew.
struct ExternalMount: Equatable {
    /// Where it came from.
    enum Source: Equatable {
        /// From what config.json binds at `destination`; `below` is its place under that, beginning with a slash, or empty.
        case bind(destination: String, below: String)
        /// From the host's device of the same path.
        case device
        /// From the container's terminal.
        case console
        /// From the container's own control group; nil: that of version 2.
        case controlGroup(controller: String?)
    }

    /// Where it is in the container, without links.
    var place: String
    var source: Source

    /// What criu is told when it saves: it writes the name down in place of the content.
    var savingArguments: [String] { ["--external", "mnt[\(place)]:\(place)"] }

    /// What criu is told when it brings the container back.
    func restoringArguments(from source: String) -> [String] { ["--external", "mnt[\(place)]:\(source)"] }
}

extension ExternalMount {
    var json: JSON {
        switch source {
        case .bind(let destination, let below):
            [
                "place": .string(place), "kind": "bind", "destination": .string(destination), "below": .string(below),
            ]
        case .device: ["place": .string(place), "kind": "device"]
        case .console: ["place": .string(place), "kind": "console"]
        case .controlGroup(let controller):
            .members([
                "place": .string(place), "kind": "cgroup", "controller": controller.map { .string($0) },
            ])
        }
    }

    init(_ field: JSONField) throws(JSONError) {
        place = try field.required("place").string()
        let kind = try field.required("kind")
        switch try kind.string() {
        case "bind":
            source = .bind(
                destination: try field.required("destination").string(), below: try field.required("below").string())
        case "device": source = .device
        case "console": source = .console
        case "cgroup": source = .controlGroup(controller: try field.optional("controller")?.string())
        default: throw kind.error("is none that this version knows")
        }
    }
}

/// Tells the mounts of a container apart: those that criu makes again, and those from outside.
struct ExternalMounts {
    /// What config.json mounts, by its place without links.
    let planned: [(place: String, mount: MountPlan)]
    let hasTerminal: Bool
    /// Whether its view of the control groups is a mount of its own, as criu makes it, and not a bind.
    let ownsGroups: Bool

    /// - Parameter plan: of the container.
    /// - Parameter root: the container's, to follow its links.
    init(_ plan: ContainerPlan, root: borrowing RootDirectory, unifiedGroups: Bool) throws(RuntimeError) {
        var planned: [(place: String, mount: MountPlan)] = []
        for mount in plan.mounts {
            let place = try step("look for \(mount.destination) in the container") { () throws(SystemError) in
                try ExternalMounts.resolve(mount.destination, root)
            }
            planned.append((place, mount))
        }
        self.init(
            planned, hasTerminal: plan.process.process.terminal,
            ownsGroups: unifiedGroups && plan.created.contains(.cgroup))
    }

    init(_ planned: [(place: String, mount: MountPlan)], hasTerminal: Bool, ownsGroups: Bool) {
        (self.planned, self.hasTerminal, self.ownsGroups) = (planned, hasTerminal, ownsGroups)
    }

    /// A path without its links, as the kernel names it.
    private static func resolve(
        _ path: String, _ root: borrowing RootDirectory
    ) throws(SystemError) -> String {
        // Gone, or out of sight: then nothing is there that could be found in the list of mounts.
        guard let found = try root.find(path) else { return path }
        return try Files.target(ofLink: "/proc/self/fd/\(found.rawValue)")
    }

    /// Those of the list that come from outside.
    func external(in rows: [MountTable.Row]) -> [ExternalMount] {
        var found: [ExternalMount] = []
        for row in rows {
            let place = String(decoding: row.place, as: UTF8.self)
            guard place != "/", !found.contains(where: { $0.place == place }) else { continue }
            guard let source = source(of: place, type: String(decoding: row.type, as: UTF8.self)) else { continue }
            found.append(ExternalMount(place: place, source: source))
        }
        return found
    }

    private func source(of place: String, type: String) -> ExternalMount.Source? {
        if hasTerminal, place == "/dev/console", type == "devpts" { return .console }
        if type == "cgroup" || type == "cgroup2" {
            if ownsGroups { return nil }
            return .controlGroup(controller: type == "cgroup" ? Files.names(in: place).last : nil)
        }
        if let (above, mount) = nearest(to: place), case .bind = mount.kind {
            return .bind(destination: mount.destination, below: String(place.dropFirst(above.count)))
        }
        return type == "devtmpfs" ? .device : nil
    }

    /// What config.json has mounted there, or nearest above; of two at one place, the later.
    private func nearest(to place: String) -> (place: String, mount: MountPlan)? {
        var best: (place: String, mount: MountPlan)?
        for entry in planned where place == entry.place || place.hasPrefix("\(entry.place)/") {
            if let best, best.place.utf8.count > entry.place.utf8.count { continue }
            best = entry
        }
        return best
    }
}
