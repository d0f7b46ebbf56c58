import ContainerRuntime
import Glibc
import Linux
import OCI

/// What is ours to do while criu brings a container back: the hooks that make its network and the like (`prestart`,
/// `createRuntime`), and a read-only root. criu calls a program at each of its steps, which is this one again, without any words. It
/// finds in its environment what is asked for.
struct RestoreSteps {
    let bundle: String
    let id: String
    /// Where states are kept.
    let root: String

    /// Whether there is anything.
    static func areNeeded(for specification: RuntimeSpecification) -> Bool {
        !specification.hooks.prestart.isEmpty || !specification.hooks.createRuntime.isEmpty
            || specification.root?.readOnly == true
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
    static var asked: RestoreSteps? {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        guard variable("CRTOOLS_SCRIPT_ACTION") != nil, let bundle = variable("BULKHEAD_RESTORE_BUNDLE"),
            let id = variable("BULKHEAD_RESTORE_ID"), let root = variable("BULKHEAD_RESTORE_ROOT")
        else { return nil }
        return RestoreSteps(bundle: bundle, id: id, root: root)
    }

    /// Does what belongs to the step at which criu is.
    func run() throws(CommandError) -> Int32 {
        let step = getenv("CRTOOLS_SCRIPT_ACTION").map { String(cString: $0) }
        guard step == "setup-namespaces" || step == "post-restore" else { return 0 }
        guard let process = getenv("CRTOOLS_INIT_PID").flatMap({ Int32(String(cString: $0)) }) else {
            throw .usage("criu does not tell the restored process's number")
        }
        let specification = try StateStore(root: root).specification(id)
        guard step == "setup-namespaces" else {
            // All is restored, and none of its processes goes on yet.
            if specification.root?.readOnly == true {
                try runtime(RunningContainer.makeRootReadOnly(of: process))
            }
            return 0
        }
        var state = RuntimeState(id: id, status: .creating, process: process, bundle: bundle)
        state.annotations = specification.annotations
        try runtime(Hooks.run("prestart", specification.hooks.prestart, state))
        try runtime(Hooks.run("createRuntime", specification.hooks.createRuntime, state))
        return 0
    }
}
