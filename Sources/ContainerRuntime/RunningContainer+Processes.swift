public import Linux

extension RunningContainer {
    /// The numbers of a container's processes: those in its control group; without one, those in the process namespace of
    /// its first process and what has come of them.
    public static func processes(in group: Cgroup, first: Int32) throws(RuntimeError) -> [Int32] {
        try step("list the processes") { () throws(SystemError) in
            if group.isThere { return try group.processes() }
            // One that is shared with us has processes that are not the container's.
            let own = namespace(of: "self")
            let wanted = namespace(of: "\(first)").flatMap { $0 == own ? nil : $0 }
            var members: Set<Int32> = []
            var parents: [(process: Int32, parent: Int32)] = []
            for process in try Files.entries(of: "/proc").compactMap({ Int32($0) }).sorted() {
                // One that has gone meanwhile is none of them any more.
                guard let parent = parent(of: process) else { continue }
                parents.append((process, parent))
                if process == first || (wanted != nil && namespace(of: "\(process)") == wanted) {
                    members.insert(process)
                }
            }
            // A child may have a smaller number than its parent, or be in a further namespace.
            var count = -1
            while count != members.count {
                count = members.count
                for (process, parent) in parents where members.contains(parent) { members.insert(process) }
            }
            return members.sorted()
        }
    }

    /// The number of its process namespace; nil where it has gone, or is out of our reach, as nothing in the container is.
    private static func namespace(of process: String) -> UInt64? { FileStatus("/proc/\(process)/ns/pid")?.inode }

    private static func parent(of process: Int32) -> Int32? {
        guard let stat = try? Files.readText("/proc/\(process)/stat"), let end = stat.lastIndex(of: ")") else {
            return nil
        }
        let fields = stat[end...].split(separator: " ")
        return fields.count > 2 ? Int32(fields[2]) : nil
    }
}
