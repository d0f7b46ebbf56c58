import ContainerRuntime
import Glibc
import Linux
import OCI

/// The options in front of the command.
struct GlobalOptions: Sendable {
    private(set) var root = ""
    /// Whether what takes the host's superuser is gone on without.
    private(set) var isRootless = false
    /// Whether systemd is asked for containers' control groups.
    var usesSystemd = false
    /// Which criu(8) is run, a path or a name.
    private var criuProgram = "criu"
    private var log: String?
    private var logsJSON = false
    /// Whether steps are told of, too.
    private(set) var debug = false

    mutating func read(_ words: inout Words) throws(CommandError) {
        var copy = self
        var rootless = "auto"
        try words.options { name, value, words throws(CommandError) in
            switch name {
            case "root": copy.root = try value(&words)
            case "log": copy.log = try value(&words)
            case "log-format":
                let format = try value(&words)
                guard ["text", "json"].contains(format) else { throw .usage("--log-format must be text or json") }
                copy.logsJSON = format == "json"
            case "debug": copy.debug = true
            case "systemd-cgroup": copy.usesSystemd = true
            case "rootless":
                rootless = try value(&words)
                guard ["true", "false", "auto"].contains(rootless) else {
                    throw .usage("--rootless must be true, false or auto, not \(rootless)")
                }
            case "criu": copy.criuProgram = try value(&words)
            case "version", "v":
                throw .finished(
                    "bulkhead-runtime version \(RuntimeProgram.version)\nspec: \(RuntimeSpecification.newestVersion)")
            case "help", "h": throw .finished(RuntimeProgram.help)
            default: return false
            }
            return true
        }
        let isOrdinary = geteuid() != 0 || !UserNamespace.isInitial
        copy.isRootless = rootless == "auto" ? isOrdinary : rootless == "true"
        if copy.root.isEmpty { copy.root = GlobalOptions.usualRoot(ofOrdinary: isOrdinary) }
        if !copy.root.hasPrefix("/") { copy.root = "\(try kernel(currentDirectory()))/\(copy.root)" }
        self = copy
    }

    /// As runc: an ordinary user's states are in the directory that is there as long as the user has a session. Who plays
    /// the superuser in a user namespace is one, unless it says that it is root.
    private static func usualRoot(ofOrdinary isOrdinary: Bool) -> String {
        let variable = { (name: String) in getenv(name).map { String(cString: $0) } }
        if isOrdinary, let directory = variable("XDG_RUNTIME_DIR"), directory.hasPrefix("/"),
            geteuid() != 0 || variable("USER") != "root"
        {
            return "\(directory)/bulkhead-runtime"
        }
        return "/run/bulkhead-runtime"
    }

    /// criu(8), looked for and tried; the reason where it can't be had.
    func criu() throws(CommandError) -> Criu {
        guard !isRootless else {
            throw .usage("checkpoint and restore take the host's superuser, as criu does")
        }
        return try runtime(Criu(criuProgram, searchPath: getenv("PATH").map { String(cString: $0) }))
    }

    /// Runs the hooks for a container that is gone; what fails in them is only a warning (OCI, "Lifecycle").
    func runPoststop(_ specification: RuntimeSpecification, _ record: ContainerRecord) {
        var record = record
        record.process = 0
        for failure in Hooks.runAll("poststop", specification.hooks.poststop, record.state(.stopped)) {
            report("\(failure)", level: "warning")
        }
    }

    /// Tells of an error or a warning, on standard error and in the log.
    func report(_ text: String, level: String = "error") {
        tell("bulkhead-runtime: \(text)\n")
        write(level, text)
    }

    /// Tells of a step, for --debug: in the log where there is one, else on standard error.
    func note(_ text: String) {
        if log == nil { tell("bulkhead-runtime: debug: \(text)\n") } else { write("debug", text) }
    }

    private func tell(_ text: String) {
        let error = Descriptor(adopting: 2)
        // Nobody reads standard error: the log may still be read.
        try? error.writeAll(text)
        _ = error.release()
    }

    /// One line, as runc and whoever reads its log (Docker, containerd, podman) have them.
    private func write(_ level: String, _ text: String) {
        guard let log else { return }
        let time = timestamp(Clock.realtimeNanoseconds)
        let line =
            logsJSON
            ? JSON.object(["level": .string(level), "msg": .string(text), "time": .string(time)]).description
            : "time=\"\(time)\" level=\(level) msg=\(JSON.string(text))"
        // An error has been told already; a log that can't be written changes nothing.
        if let file = try? Descriptor.open(log, [.writeOnly, .create, .append], mode: 0o644) {
            try? file.writeAll(line + "\n")
        }
    }
}

/// A time as RFC 3339 writes it, in UTC.
func timestamp(_ nanoseconds: Int64) -> String {
    var seconds = time_t(nanoseconds / 1_000_000_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func padded(_ number: Int32, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(width - text.count, 0)) + text
    }
    let date = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
    let clock = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
    return "\(date)T\(clock).\(padded(Int32(nanoseconds % 1_000_000_000), 9))Z"
}

/// The working directory.
func currentDirectory() throws(SystemError) -> String {
    guard let pointer = getcwd(nil, 0) else { throw SystemError.last("getcwd") }
    defer { free(pointer) }
    return String(cString: pointer)
}
