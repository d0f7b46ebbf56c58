import ContainerRuntime
import Glibc
import Linux
import OCI

extension RuntimeProgram {
    static func kill(_ words: inout Words, _ global: GlobalOptions) throws -> Int32 {
        var all = false
        try words.options { name, _, _ in
            guard name == "all" || name == "a" else { return false }
            all = true
            return true
        }
        let id = try words.required("container's id")
        let signal = try signalNumber(words.next() ?? "SIGTERM")
        try words.end()
        let store = StateStore(root: global.root)
        let record = try store.record(id)
        if all {
            let group = Cgroup(existing: record.cgroup, layout: try .detect())
            for process in try group.processes() { Glibc.kill(process, signal) }
            return 0
        }
        guard store.status(record) != .stopped else { throw RuntimeError.wrongState("container not running") }
        try ProcessDescriptor(process: record.process).signal(signal)
        return 0
    }

    static func delete(_ words: inout Words, _ global: GlobalOptions) throws -> Int32 {
        var force = false
        try words.options { name, _, _ in
            guard name == "force" || name == "f" else { return false }
            force = true
            return true
        }
        let id = try words.required("container's id")
        try words.end()
        let store = StateStore(root: global.root)
        guard Files.exists(store.directory(id)), !id.contains("/"), !id.hasPrefix(".") else {
            if force { return 0 }
            throw UsageError("container does not exist: \(id)")
        }
        guard Files.exists("\(store.directory(id))/state.json") else {
            // What a crash has left of a container that never came to be.
            try store.remove(id)
            return 0
        }
        let record = try store.record(id)
        let specification = try store.specification(id)
        let status = store.status(record)
        guard status == .stopped || status == .created || force else {
            throw RuntimeError.wrongState(
                "cannot delete container \(id) that is not stopped: \(status.rawValue)")
        }
        if status != .stopped {
            try ProcessDescriptor(process: record.process).signalIfRunning(SIGKILL)
        }
        let group = Cgroup(existing: record.cgroup, layout: try .detect())
        try group.kill()
        try group.remove()
        try RunningContainer.removeShares(of: id, specification)
        try store.remove(id)
        global.runPoststop(specification, record)
        return 0
    }

    static func pause(_ words: inout Words, _ global: GlobalOptions) throws -> Int32 {
        try setFrozen(&words, global, true)
    }

    static func resume(_ words: inout Words, _ global: GlobalOptions) throws -> Int32 {
        try setFrozen(&words, global, false)
    }

    private static func setFrozen(_ words: inout Words, _ global: GlobalOptions, _ frozen: Bool) throws -> Int32 {
        let id = try words.required("container's id")
        try words.end()
        let record = try StateStore(root: global.root).record(id)
        try Cgroup(existing: record.cgroup, layout: try .detect()).setFrozen(frozen)
        return 0
    }

    /// `9`, `KILL`, `SIGKILL`.
    static func signalNumber(_ text: String) throws -> Int32 {
        if let number = Int32(text), (1...64).contains(number) { return number }
        let names = [
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
            "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
            "WINCH", "IO", "PWR", "SYS",
        ]
        let name = text.uppercased()
        guard let index = names.firstIndex(where: { $0 == name || "SIG" + $0 == name }) else {
            throw UsageError("unknown signal \(text)")
        }
        return Int32(index + 1)
    }
}
