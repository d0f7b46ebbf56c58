internal import Glibc
internal import Linux
internal import OCI

/// The program criu(8), which saves processes and brings them back.
public struct Criu: Sendable {
    /// Its path.
    let path: String
    /// What it and the programs that it starts (ip, iptables, tar) find in their environment.
    let environment: [String]

    /// The oldest version that is driven: before, it freezes no control group of version 2.
    static let oldest = CriuVersion(major: 3, minor: 14)

    /// Finds it and refuses one that is too old or does not run here: before anything is done to a container.
    ///
    /// - Parameters:
    ///   - name: a path, or a name to be looked for in the variable PATH.
    ///   - searchPath: that variable; nil where there is none.
    public init(_ name: String, searchPath: String?) throws(RuntimeError) {
        let search = "PATH=\(searchPath ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")"
        do { path = try Command.find(name, environment: [search]) } catch {
            throw .failed(
                "checkpoint and restore take the program criu, which is not there: \(error); "
                    + "install it, or name it by --criu")
        }
        environment = [search, "LC_ALL=C"]
        try checkVersion()
        try checkKernel()
    }

    private func checkVersion() throws(RuntimeError) {
        let (end, words) = try run(["--version"])
        guard end == .exited(code: 0), let version = CriuVersion(words) else {
            throw .failed("\(path) --version does not tell criu's version\(Criu.quoted(words))")
        }
        guard version >= Criu.oldest else {
            throw .failed("\(path) is criu \(version); checkpoint and restore take \(Criu.oldest) or later")
        }
    }

    /// What it needs and this kernel may not have, or has otherwise: it would find out with the container in its hands.
    private func checkKernel() throws(RuntimeError) {
        let (end, words) = try run(["check"])
        guard end != .exited(code: 0) else { return }
        throw .failed("\(path) does not work on this host: criu check: \(Criu.reason(end, CriuLog(words).errors))")
    }

    /// Runs it to its end; what it writes to its standard streams comes along.
    func run(_ arguments: [String]) throws(RuntimeError) -> (end: ProcessEnd, words: String) {
        try step("run \(path)") { () throws(SystemError) in
            let output = try Descriptor.memory("criu")
            let process = try Spawn.process(
                path: path, arguments: arguments, environment: environment,
                descriptors: [(1, output.rawValue), (2, output.rawValue)])
            let end = try ProcessDescriptor(process: process).waitForEnd()
            return (end, String(decoding: try output.readFromStart(upTo: 1 << 16), as: UTF8.self))
        }
    }

    /// Why it has failed: what stands in its log, or else what it has said.
    static func failure(_ what: String, _ end: ProcessEnd, words: String, log: String) -> RuntimeError {
        // A log that can't be read was not written: then its words are all there is.
        let written = CriuLog((try? Files.readText(log)) ?? "").errors
        let said = written.isEmpty ? CriuLog(words).errors : written
        return .failed("criu \(what): \(reason(end, said)) (its log: \(log))")
    }

    private static func reason(_ end: ProcessEnd, _ said: String) -> String {
        switch end {
        case .exited(let code): said.isEmpty ? "exit code \(code)" : said
        case .signaled(let signal): "killed by signal \(signal)\(said.isEmpty ? "" : "; \(said)")"
        }
    }

    private static func quoted(_ words: String) -> String {
        let text = CriuLog(words).errors
        return text.isEmpty ? "" : ": \(text)"
    }
}

/// A version of criu, `3.17.1`.
struct CriuVersion: Comparable, CustomStringConvertible {
    var major: Int
    var minor: Int

    init(major: Int, minor: Int) { (self.major, self.minor) = (major, minor) }

    /// Out of what `criu --version` says: `Version: 3.17.1`.
    init?(_ words: String) {
        for line in words.split(separator: "\n") where line.hasPrefix("Version:") {
            let numbers = line.dropFirst("Version:".count).drop { $0 == " " }.split(separator: ".")
            guard numbers.count >= 2, let major = Int(numbers[0]),
                let minor = Int(numbers[1].prefix { $0.isASCII && $0.isNumber })
            else { continue }
            self.init(major: major, minor: minor)
            return
        }
        return nil
    }

    static func < (one: CriuVersion, other: CriuVersion) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }

    var description: String { "\(major).\(minor)" }
}
