import Linux

/// What the host's ps(1) says with the options of the user.
struct ProcessTable {
    private let head: String
    private let rows: ArraySlice<Substring>
    /// Where in a row the process's number stands.
    private let column: Int

    init(options: [String]) throws(CommandError) {
        guard let path = ["/usr/bin/ps", "/bin/ps"].first(where: { Files.exists($0) }) else {
            throw .usage("ps: there is no ps(1) on this host to understand \(options.joined(separator: " "))")
        }
        guard let output = try kernel(ProcessTable.output(of: path, options)) else {
            throw .usage("ps \(options.joined(separator: " ")) has failed")
        }
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        let names = lines.first?.split(separator: " ") ?? []
        guard let head = lines.first, let column = names.firstIndex(of: "PID") else {
            throw .usage("ps \(options.joined(separator: " ")): shows no column PID, by which to choose")
        }
        self.head = String(head)
        self.column = column
        rows = lines.dropFirst()
    }

    /// What it writes; nil where it fails.
    private static func output(of path: String, _ options: [String]) throws(SystemError) -> [UInt8]? {
        let pipe = try PipePair()
        let process = try Spawn.process(
            path: path, arguments: options, environment: ["LC_ALL=C"],
            descriptors: [(child: 1, parent: pipe.writing.rawValue), (child: 2, parent: 2)])
        let output = try readAll(pipe)
        return try ProcessDescriptor(process: process).waitForEnd() == .exited(code: 0) ? output : nil
    }

    /// Our own end for writing must be closed before the reading one can end.
    private static func readAll(_ pipe: consuming PipePair) throws(SystemError) -> [UInt8] {
        let reading = pipe.reading
        _ = pipe.writing
        return try reading.readAll()
    }

    /// The table of some processes only.
    func lines(of processes: Set<Int32>) -> [String] {
        [head]
            + rows.filter { row in
                let cells = row.split(separator: " ")
                return cells.count > column && Int32(cells[column]).map(processes.contains) == true
            }.map(String.init)
    }
}
