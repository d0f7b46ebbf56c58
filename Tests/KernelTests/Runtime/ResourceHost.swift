import Glibc
import Linux
import TestKit
import Testing

/// What control groups this host has, for tests that run on v1, hybrid and v2 alike.
enum ResourceHost {
    /// Whether v2 has the controllers.
    static let isUnified = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0

    /// Whether a file of v1, or a controller of v2, is there.
    static func has(separate file: String, unified controller: String) -> Bool {
        isUnified ? controllers.contains(controller) : access("/sys/fs/cgroup/\(file)", F_OK) == 0
    }

    /// Whether the v2 tree has a controller, on hybrid hosts too.
    static func unifiedHas(_ controller: String) -> Bool { controllers.contains(controller) }

    private static let controllers: [String] = {
        let file = isUnified ? "/sys/fs/cgroup/cgroup.controllers" : "/sys/fs/cgroup/unified/cgroup.controllers"
        return ((try? Files.readText(file)) ?? "").split { $0 == " " || $0 == "\n" }.map(String.init)
    }()

    /// A block device that is no part of another, `8:0`.
    static let blockDevice: String? = {
        let names = ((try? Files.entries(of: "/sys/block")) ?? []).sorted()
        let texts = names.compactMap { try? Files.readText("/sys/block/\($0)/dev") }
        return texts.first.map { String($0.prefix { $0 != "\n" }) }
    }()

    /// An RDMA device, `rxe0`.
    static let deviceRDMA = ((try? Files.entries(of: "/sys/class/infiniband")) ?? []).sorted().first

    /// The smallest size of huge pages, `2MB`.
    static let hugePageSize: String? = {
        let names = (try? Files.entries(of: "/sys/kernel/mm/hugepages")) ?? []
        let sizes = names.compactMap { Int($0.dropFirst("hugepages-".count).dropLast("kB".count)) }
        return sizes.min().map { $0 < 1024 ? "\($0)KB" : $0 < 1 << 20 ? "\($0 / 1024)MB" : "\($0 >> 20)GB" }
    }()

    /// The directory of a container's group in a hierarchy.
    static func directory(_ bundle: RuntimeBundle, _ controller: String) -> String {
        isUnified ? "/sys/fs/cgroup/\(bundle.id)" : "/sys/fs/cgroup/\(controller)/\(bundle.id)"
    }

    /// A file of a container's group, without the last line's end.
    static func read(_ bundle: RuntimeBundle, _ controller: String, _ file: String) throws -> String {
        let text = try Files.readText("\(directory(bundle, controller))/\(file)")
        return text.last == "\n" ? String(text.dropLast()) : text
    }
}

extension RuntimeBundle {
    /// Makes the container with the limits of its configuration and looks into its group's files, while it runs.
    func expectFigures(
        separate: [String: String], unified: [String: String], at location: SourceLocation = #_sourceLocation
    ) throws {
        try whileRunning { () throws in
            for (name, value) in ResourceHost.isUnified ? unified : separate {
                let controller = String(name.prefix { $0 != "/" })
                let file = ResourceHost.isUnified ? name : String(name.drop { $0 != "/" }.dropFirst())
                let found = try ResourceHost.read(self, controller, file)
                #expect(found == value, "\(name)", sourceLocation: location)
            }
        }
    }

    /// Expects that the container is refused with the property's name.
    func expectRefusal(
        _ property: String, _ words: String = "", at location: SourceLocation = #_sourceLocation
    ) throws {
        let result = try run()
        #expect(result.code == 1, sourceLocation: location)
        #expect(
            result.error.contains("linux.resources.\(property)") && result.error.contains(words), "\(result.error)",
            sourceLocation: location)
    }
}
