internal import Glibc
internal import Linux
public import OCI

/// Runs the programs of `hooks` (OCI runtime specification, "POSIX-platform Hooks"): one after the other, each with the
/// container's state on its standard input, in the namespaces of the calling process.
public enum Hooks {
    /// How much of what a failed hook has written is shown, in bytes.
    private static let shown = 2048

    /// Runs them; the first that fails ends it.
    ///
    /// - Parameter kind: as config.json names it, for the error.
    /// - Throws: ``RuntimeError`` naming the hook, how it ended, and what it has written.
    public static func run(_ kind: String, _ hooks: [RuntimeHook], _ state: RuntimeState) throws(RuntimeError) {
        for (index, hook) in hooks.enumerated() { try run("hooks.\(kind)[\(index)]", hook, state) }
    }

    /// Runs all of them, whatever becomes of those before.
    ///
    /// - Returns: what has failed.
    public static func runAll(_ kind: String, _ hooks: [RuntimeHook], _ state: RuntimeState) -> [RuntimeError] {
        var failures: [RuntimeError] = []
        for (index, hook) in hooks.enumerated() {
            do { try run("hooks.\(kind)[\(index)]", hook, state) } catch { failures.append(error) }
        }
        return failures
    }

    private static func run(_ name: String, _ hook: RuntimeHook, _ state: RuntimeState) throws(RuntimeError) {
        let output = try step("run \(name)") { () throws(SystemError) in try Descriptor.memory("hook") }
        let process = try step("run \(name)") { () throws(SystemError) in
            let input = try Descriptor.memory("state")
            try input.writeAll(state.json.encoded)
            try input.rewind()
            let number = try Spawn.process(
                path: hook.path, arguments: Array(hook.arguments.dropFirst()), environment: hook.environment,
                name: hook.arguments.first,
                descriptors: [(0, input.rawValue), (1, output.rawValue), (2, output.rawValue)])
            extendLifetime(input)
            return try ProcessDescriptor(process: number)
        }
        let end = try step("wait for \(name)") { () throws(SystemError) -> ProcessEnd? in
            guard let timeout = hook.timeout else { return try process.waitForEnd() }
            return try process.waitForEnd(atMost: Int64(timeout) * 1000)
        }
        switch end {
        case .exited(0): return
        case .exited(let code): throw failure(name, hook, "exit code \(code)", output)
        case .signaled(let signal): throw failure(name, hook, "killed by signal \(signal)", output)
        case nil:
            try step("end \(name)") { () throws(SystemError) in
                try process.signalIfRunning(SIGKILL)
                _ = try process.waitForEnd()
            }
            throw failure(name, hook, "has not ended within \(hook.timeout ?? 0) s and was killed", output)
        }
    }

    private static func failure(
        _ name: String, _ hook: RuntimeHook, _ reason: String, _ output: borrowing Descriptor
    ) -> RuntimeError {
        // What can't be read is not shown: the hook has failed all the same.
        let bytes = (try? output.readFromStart(upTo: shown)) ?? []
        let text = String(decoding: bytes, as: UTF8.self).split(separator: "\n").joined(separator: "; ")
        return .failed("\(name) (\(hook.path)): \(reason)\(text.isEmpty ? "" : ": \(text)")")
    }
}

extension ContainerBlueprint {
    /// What a hook is told of the container.
    func state(_ status: RuntimeState.Status, process: Int32) -> RuntimeState {
        var state = RuntimeState(id: id, status: status, process: process, bundle: bundle)
        state.version = specification.version
        state.annotations = specification.annotations
        return state
    }
}
