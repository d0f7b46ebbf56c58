internal import Glibc
internal import Linux
internal import OCI

/// One of a container's standard streams that leads out of it: what is at its other end does not come back with the
/// container.
struct ExternalStream: Equatable {
    enum Kind: String { case pipe, socket, terminal, device, file }

    /// 0, 1 or 2.
    var number: Int32
    var kind: Kind
    /// As criu calls what it is: `pipe:[123]`, `tty[8803:2b]`, `file[16:4]`.
    var resource: String
    /// Where it was found on the host.
    var path: String
    /// The flags that it was opened with.
    var flags: Int32

    /// What criu is told when it saves. It knows itself of pipes that lead elsewhere.
    var savingArguments: [String] {
        kind == .pipe || kind == .socket ? [] : ["--external", resource]
    }

    /// Those of a process that lead out of its mounts, each only once.
    static func all(of process: Int32, mounts: [MountTable.Row]) throws(SystemError) -> [ExternalStream] {
        var found: [ExternalStream] = []
        for number in 0...2 as ClosedRange<Int32> {
            let link = "/proc/\(process)/fd/\(number)"
            // One that is closed needs nothing.
            guard let status = FileStatus(link) else { continue }
            let stream = try ExternalStream(number, link, status, process, mounts)
            if let stream { found.append(stream) }
        }
        return found
    }

    private init?(
        _ number: Int32, _ link: String, _ status: FileStatus, _ process: Int32, _ mounts: [MountTable.Row]
    ) throws(SystemError) {
        self.number = number
        path = try Files.target(ofLink: link)
        flags = try ExternalStream.flags(of: number, process)
        func hexadecimal(_ number: UInt64) -> String { String(number, radix: 16) }
        switch status.kind {
        case .pipe where path.hasPrefix("pipe:"):
            // With a colon, as the link has it, whatever criu's manual says.
            (kind, resource) = (.pipe, path)
        case .socket: (kind, resource) = (.socket, path)
        case .characterDevice where path.hasPrefix("/dev/pts/") || path.hasPrefix("/pts/"):
            kind = .terminal
            resource = "tty[\(hexadecimal(status.deviceNumber)):\(hexadecimal(status.device))]"
        default:
            let mount = try MountTable.mount(of: number, process: process)
            guard !mounts.contains(where: { $0.number == mount }) else { return nil }
            kind = status.kind == .characterDevice ? .device : .file
            resource = "file[\(hexadecimal(mount)):\(hexadecimal(status.inode))]"
        }
    }

    private static func flags(of number: Int32, _ process: Int32) throws(SystemError) -> Int32 {
        let path = "/proc/\(process)/fdinfo/\(number)"
        for line in try Files.readText(path).split(separator: "\n") where line.hasPrefix("flags:") {
            let digits = line.dropFirst("flags:".count).drop { $0 == "\t" || $0 == " " }
            if let flags = Int32(digits, radix: 8) { return flags }
        }
        throw SystemError("find the flags in", path, code: ENODATA)
    }

    /// What takes its place in the container that comes back: our own where it can, else what it was.
    func replacement() throws(SystemError) -> Descriptor {
        switch kind {
        case .pipe, .socket, .terminal: return try Descriptor.duplicating(number)
        case .device, .file:
            // criu refuses a file of another kind or size.
            if kind == .device, let own = FileStatus("/proc/self/fd/\(number)"), let old = FileStatus(path),
                own.kind == old.kind, own.permissions == old.permissions
            {
                return try Descriptor.duplicating(number)
            }
            let kept = (O_WRONLY | O_RDWR) | O_APPEND | O_NONBLOCK
            return try Descriptor.open(path, OpenFlags(rawValue: flags & kept | O_NOCTTY))
        }
    }
}

extension ExternalStream {
    var json: JSON {
        [
            "number": JSON(number), "kind": .string(kind.rawValue), "resource": .string(resource),
            "path": .string(path), "flags": JSON(flags),
        ]
    }

    init(_ field: JSONField) throws(JSONError) {
        let kind = try field.required("kind")
        guard let known = Kind(rawValue: try kind.string()) else { throw kind.error("is none that this version knows") }
        self.kind = known
        number = try field.required("number").number()
        guard (0...2).contains(number) else { throw try field.required("number").error("is no standard stream") }
        resource = try field.required("resource").string()
        path = try field.required("path").string()
        flags = try field.required("flags").number()
    }
}
