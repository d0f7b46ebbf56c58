internal import Linux
internal import OCI

/// A container's place in the kernel's resctrl file system (`linux.intelRdt`; Documentation/arch/x86/resctrl.rst).
///
/// ```
/// /sys/fs/resctrl/<class>/tasks, schemata, mon_groups/<container>/tasks
/// ```
struct CacheControl {
    let wanted: RuntimeCacheControl
    let id: String
    let root: String

    /// Where it is mounted.
    static let usualRoot = "/sys/fs/resctrl"
    /// The file system's number (linux/magic.h, RDTGROUP_SUPER_MAGIC).
    private static let magic: UInt64 = 0x765_5821

    /// Refuses what the host can't do.
    init(_ wanted: RuntimeCacheControl, id: String, root: String = CacheControl.usualRoot) throws(RuntimeError) {
        guard FileSystemType(of: root).number == CacheControl.magic else {
            throw .invalid("linux.intelRdt: no resctrl file system is mounted at \(root)")
        }
        (self.wanted, self.id, self.root) = (wanted, id, root)
    }

    /// That of a container; nil where it wants none.
    init?(_ specification: RuntimeSpecification, id: String) throws(RuntimeError) {
        guard let wanted = specification.linux.cacheControl else { return nil }
        try self.init(wanted, id: id)
    }

    /// Without looking at what is mounted: for a directory that stands for the file system.
    init(unchecked wanted: RuntimeCacheControl, id: String, root: String) {
        (self.wanted, self.id, self.root) = (wanted, id, root)
    }

    private var directory: String {
        switch wanted.classOfService {
        case "/": root
        case .some(let name): "\(root)/\(name)"
        case nil: "\(root)/\(id)"
        }
    }

    private var monitoring: String { "\(directory)/mon_groups/\(id)" }

    /// Makes the groups that are missing and sets the shares.
    func prepare() throws(RuntimeError) {
        let existed = Files.exists(directory)
        if existed && wanted.classOfService != nil && !wanted.schemata.isEmpty { return try compare() }
        if !existed && wanted.classOfService != nil && wanted.schemata.isEmpty {
            throw .invalid("linux.intelRdt.closID: there is no \(directory), and no schemata to make it with")
        }
        try step("linux.intelRdt: make \(directory)") { () throws(SystemError) in
            if !existed { try Files.makeDirectory(directory) }
        }
        try set(wanted.schemata)
        try monitor()
    }

    private func set(_ lines: [String]) throws(RuntimeError) {
        for line in lines {
            try step("linux.intelRdt: set \(line)") { () throws(SystemError) in
                try Files.set("\(directory)/schemata", line + "\n")
            }
        }
    }

    /// Changes the shares of the class that a running container is in.
    func update(_ schemata: CacheSchemata) throws(RuntimeError) {
        guard Files.isDirectory(directory) else {
            throw .invalid("linux.intelRdt: the container's group \(directory) is not there")
        }
        try set(schemata.lines)
    }

    /// The same for a container whose configuration may not have asked for any; the reason why not, where not.
    static func update(
        _ specification: RuntimeSpecification, id: String, _ schemata: CacheSchemata
    ) throws(RuntimeError) {
        guard FileSystemType(of: usualRoot).number == magic else {
            let lines = schemata.lines.joined(separator: ", ")
            throw .invalid("\(lines): this host has no Intel RDT: no resctrl file system is mounted at \(usualRoot)")
        }
        guard let control = try CacheControl(specification, id: id) else {
            throw .invalid("the container has no group of Intel RDT: its configuration has no linux.intelRdt")
        }
        try control.update(schemata)
    }

    private func monitor() throws(RuntimeError) {
        guard wanted.isMonitored else { return }
        try step("linux.intelRdt.enableMonitoring: make \(monitoring)") { () throws(SystemError) in
            try Files.makeDirectory(monitoring)
        }
    }

    /// A class that is there must say what is asked for.
    private func compare() throws(RuntimeError) {
        let text = try step("linux.intelRdt: read") { () throws(SystemError) in
            try Files.readText("\(directory)/schemata")
        }
        let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
        for line in wanted.schemata where !lines.contains(where: { $0 == line[...] }) {
            throw .invalid("linux.intelRdt: the class \(directory) exists and does not have \(line)")
        }
        try monitor()
    }

    /// Puts a process there.
    func enter(_ process: Int32) throws(RuntimeError) {
        try step("linux.intelRdt: enter \(directory)") { () throws(SystemError) in
            try Files.set("\(directory)/tasks", "\(process)")
            if wanted.isMonitored { try Files.set("\(monitoring)/tasks", "\(process)") }
        }
    }

    /// Removes what the container has for itself.
    func remove() throws(RuntimeError) {
        try step("linux.intelRdt: remove the groups of \(id)") { () throws(SystemError) in
            if wanted.isMonitored { try Files.removeDirectoryIfThere(monitoring) }
            if wanted.classOfService == nil { try Files.removeDirectoryIfThere(directory) }
        }
    }
}

/// New shares for a container that runs: lines of resctrl's file `schemata`.
public struct CacheSchemata: Sendable, Equatable {
    /// Of the third level's cache, `L3:0=f;1=f`; nil leaves it.
    public var cache: String?
    /// Of memory bandwidth, `MB:0=20;1=70`; nil leaves it.
    public var bandwidth: String?

    /// Leaves both.
    public init() {}

    /// In the order in which they are written.
    var lines: [String] { [cache, bandwidth].compactMap { $0 } }
}
