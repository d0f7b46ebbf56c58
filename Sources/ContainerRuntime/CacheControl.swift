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

    /// The file system's number (linux/magic.h, RDTGROUP_SUPER_MAGIC).
    private static let magic: UInt64 = 0x765_5821

    /// Refuses what the host can't do.
    init(_ wanted: RuntimeCacheControl, id: String, root: String = "/sys/fs/resctrl") throws(RuntimeError) {
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
        for line in wanted.schemata {
            try step("linux.intelRdt: set \(line)") { () throws(SystemError) in
                try Files.set("\(directory)/schemata", line + "\n")
            }
        }
        try monitor()
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
        let lines = text.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
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
