internal import Glibc

/// newuidmap(1) or newgidmap(1): they write the map of a user namespace with rights that an ordinary user does not have,
/// after a look at which numbers the user has been given.
struct MappingProgram {
    let name: String

    /// Gives ranges to the new namespace of a child of the calling process.
    func map(_ ranges: [IdentityRange], to process: Int32) throws(SystemError) {
        guard let path else {
            throw SystemError(
                "to map more than one's own user and group takes the program \(name) (package uidmap)", code: ENOENT)
        }
        let numbers = ranges.flatMap { ["\($0.inside)", "\($0.outside)", "\($0.count)"] }
        let (end, words) = try run(path, ["\(process)"] + numbers)
        guard end != .exited(code: 0) else { return }
        let text = words.split(separator: "\n").first.map(String.init) ?? "\(name) has failed"
        let file = name == "newuidmap" ? "/etc/subuid" : "/etc/subgid"
        throw SystemError("\(text); what a user may map stands in \(file)", code: EPERM)
    }

    private var path: String? {
        // unsafe because the environment's text is copied at once, and nothing here changes the environment
        let given = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        let directories = given.split(separator: ":").map(String.init) + ["/usr/bin", "/bin"]
        return directories.lazy.map { "\($0)/\(name)" }.first { $0.hasPrefix("/") && Files.exists($0) }
    }

    private func run(_ path: String, _ arguments: [String]) throws(SystemError) -> (ProcessEnd, String) {
        let pipe = try PipePair()
        let process = try Spawn.process(
            path: path, arguments: arguments, descriptors: [(child: 2, parent: pipe.writing.rawValue)])
        let words = try MappingProgram.readAll(pipe)
        let end = try ProcessDescriptor(process: process).waitForEnd()
        return (end, String(decoding: words, as: UTF8.self))
    }

    /// Our own end for writing must be closed before the reading one can end.
    private static func readAll(_ pipe: consuming PipePair) throws(SystemError) -> [UInt8] {
        let reading = pipe.reading
        _ = pipe.writing
        return try reading.readAll()
    }
}
