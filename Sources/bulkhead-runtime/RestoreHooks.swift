import ContainerRuntime
import Glibc
import Linux
import OCI

/// The hooks that make a container's network and the like (`prestart`, `createRuntime`), when a container comes back: criu
/// calls a program at each of its steps, which is this one again, without any words. It finds in its environment what
/// is asked for.
struct RestoreHooks {
    let bundle: String
    let id: String
    /// Where states are kept.
    let root: String

    /// The step at which its namespaces are there and none of its processes runs in them.
    private static let step = "setup-namespaces"

    /// Whether there is any.
    static func areNeeded(for specification: RuntimeSpecification) -> Bool {
        !specification.hooks.prestart.isEmpty || !specification.hooks.createRuntime.isEmpty
    }

    /// What criu is told.
    func script() throws(CommandError) -> RestoreScript {
        RestoreScript(
            program: try kernel(Program.path()),
            environment: [
                "BULKHEAD_RESTORE_BUNDLE=\(bundle)", "BULKHEAD_RESTORE_ID=\(id)", "BULKHEAD_RESTORE_ROOT=\(root)",
            ])
    }

    /// What criu has called this program for; nil where it was somebody else.
    static var asked: RestoreHooks? {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        guard variable("CRTOOLS_SCRIPT_ACTION") != nil, let bundle = variable("BULKHEAD_RESTORE_BUNDLE"),
            let id = variable("BULKHEAD_RESTORE_ID"), let root = variable("BULKHEAD_RESTORE_ROOT")
        else { return nil }
        return RestoreHooks(bundle: bundle, id: id, root: root)
    }

    /// Runs the hooks if this is the step for them.
    func run() throws(CommandError) -> Int32 {
        guard getenv("CRTOOLS_SCRIPT_ACTION").map({ String(cString: $0) }) == RestoreHooks.step else { return 0 }
        guard let process = getenv("CRTOOLS_INIT_PID").flatMap({ Int32(String(cString: $0)) }) else {
            throw .usage("criu does not tell the restored process's number")
        }
        let specification = try StateStore(root: root).specification(id)
        var state = RuntimeState(id: id, status: .creating, process: process, bundle: bundle)
        state.annotations = specification.annotations
        try runtime(Hooks.run("prestart", specification.hooks.prestart, state))
        try runtime(Hooks.run("createRuntime", specification.hooks.createRuntime, state))
        return 0
    }
}
