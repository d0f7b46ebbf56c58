internal import CLinux
internal import Glibc

/// The mounts of a process's namespace, as /proc tells them (proc_pid_mountinfo(5)).
public struct MountTable {
    /// All of them.
    public let rows: [Row]

    /// One mount.
    public struct Row: Equatable, Sendable {
        /// The kernel's number for it.
        public let number: UInt64
        /// The number of the mount that it is on.
        public let parent: UInt64
        /// Where it is, as the process sees it.
        public let place: [UInt8]
        /// Its file system's, `proc`.
        public var type: [UInt8] = []
    }

    /// Those of the calling process.
    init() throws(SystemError) { rows = MountTable.rows(in: try Files.read("/proc/self/mountinfo")) }

    /// Those of another process.
    public init(of process: Int32) throws(SystemError) {
        rows = MountTable.rows(in: try Files.read("/proc/\(process)/mountinfo"))
    }

    /// The lines of such a file; what is none is left out.
    public static func rows(in text: [UInt8]) -> [Row] {
        text.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            guard fields.count == 6, let number = UInt64(String(decoding: fields[0], as: UTF8.self)),
                let parent = UInt64(String(decoding: fields[1], as: UTF8.self))
            else { return nil }
            // Any number of optional fields stands before the type, and a lone hyphen behind them.
            let rest = fields[5].split(separator: UInt8(ascii: " "))
            let type = rest.firstIndex(of: [UInt8(ascii: "-")]).flatMap { rest.dropFirst($0 + 1).first } ?? []
            return Row(number: number, parent: parent, place: unescaped(fields[4]), type: Array(type))
        }
    }

    /// Spaces, tabs, line ends and backslashes are three octal digits behind a backslash.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                result.append(code)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    /// All mounts on a mount, and on those, parents first.
    func mounts(below number: UInt64) -> [Row] {
        let children = Dictionary(grouping: rows.filter { $0.number != $0.parent }, by: { $0.parent })
        var found: [Row] = []
        var next = [number]
        while let parent = next.popLast() {
            for row in children[parent] ?? [] {
                found.append(row)
                next.append(row.number)
            }
        }
        return found
    }

    /// All mounts of these types but a mount and those on it.
    func mounts(ofTypes types: [String], outside number: UInt64) -> [Row] {
        let inside = Set([number] + mounts(below: number).map { $0.number })
        return rows.filter { row in
            !inside.contains(row.number) && types.contains { row.type.elementsEqual($0.utf8) }
        }
    }

    /// A mount whose place begins so, of those on the mount that paths begin at: the last of several on "/".
    func firstMount(placedBelow start: [UInt8]) -> Row? {
        let roots = rows.filter { $0.place == [UInt8(ascii: "/")] }
        let last = roots.first { root in !roots.contains { $0.parent == root.number && $0.number != root.number } }
        let seen = last.map { mounts(below: $0.number) } ?? rows
        return seen.first { $0.place.starts(with: start) }
    }

    /// The row of a mount.
    subscript(_ number: UInt64) -> Row? { rows.first { $0.number == number } }

    /// The number of the mount that an open file was found on.
    ///
    /// Before Linux 5.14 no process may read /proc/self/fdinfo that has become its user namespace's superuser and is not
    /// dumpable since: what it has there is not its own any more. From 5.8 on it need not.
    static func mount(of descriptor: Int32) throws(SystemError) -> UInt64 {
        let told = bh_mount_number(descriptor)
        return told != 0 ? told : try number(in: "/proc/self/fdinfo/\(descriptor)")
    }

    /// The same for an open file of another process.
    public static func mount(of descriptor: Int32, process: Int32) throws(SystemError) -> UInt64 {
        try number(in: "/proc/\(process)/fdinfo/\(descriptor)")
    }

    private static func number(in path: String) throws(SystemError) -> UInt64 {
        for line in try Files.readText(path).split(separator: "\n") where line.hasPrefix("mnt_id:") {
            if let number = UInt64(line.dropFirst(7).drop { $0 == "\t" || $0 == " " }) { return number }
        }
        throw SystemError("find the mount in", path, code: ENODATA)
    }
}
