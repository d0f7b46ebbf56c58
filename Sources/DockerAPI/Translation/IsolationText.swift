import Engine
import NIOHTTP1

/// The names that `--runtime` takes.
public enum RuntimeNames {
    /// Ours, and those that scripts written for Docker give.
    public static let process = ["bulkhead", "runc", "io.containerd.runc.v2"]
    /// The one that containers get where nothing is asked for; it says nothing about the level.
    static let usual = "bulkhead"
}

extension Isolation {
    /// The level that the names of the isolation and of the runtime choose together.
    init(isolation: String, runtime: String) throws(APIError) {
        let byIsolation = try Isolation.named(isolation)
        let byRuntime: Isolation?
        if runtime.isEmpty || runtime == RuntimeNames.usual {
            byRuntime = nil
        } else if RuntimeNames.process.contains(runtime) {
            byRuntime = .process
        } else {
            do {
                byRuntime = try Isolation.named(runtime)
            } catch {
                throw APIError(.badRequest, "unknown or invalid runtime name: \(runtime)")
            }
        }
        if let byIsolation, let byRuntime, byIsolation != byRuntime {
            throw APIError(
                .badRequest, "conflicting options: isolation '\(isolation)' and runtime '\(runtime)': name only one")
        }
        self = byIsolation ?? byRuntime ?? .process
    }

    /// The level of that name, or nil for the default.
    private static func named(_ text: String) throws(APIError) -> Isolation? {
        switch text {
        case "", "default": return nil
        case "process": return .process
        case "vm": return .vm
        default:
            guard text.hasPrefix("machine:"), text.utf8.count > "machine:".utf8.count else {
                throw APIError(
                    .badRequest, "invalid isolation '\(text)' on linux: it is default, process, vm or machine:NAME")
            }
            return .machine(name: String(text.dropFirst("machine:".count)))
        }
    }

    /// As `HostConfig.Isolation` has it.
    var text: String {
        switch self {
        case .process: "process"
        case .vm: "vm"
        case .machine(let name): "machine:\(name)"
        }
    }
}
