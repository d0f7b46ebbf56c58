import Linux
import Logging
import OCI
import Seccomp
import Synchronization

/// Compiled filters for system calls. Docker's default profile is compiled once for each set of capabilities and kernel
/// and kept on disk, because that takes longer than everything else at a container's start.
final class SeccompFilters: Sendable {
    private let directory: String
    private let logger: Logger
    private let known = Mutex<[String: [UInt8]]>([:])

    init(directory: String, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    /// The filter for a container, or nil for none.
    func filter(_ security: SecuritySpecification, capabilities: [String], kernelRelease: String)
        throws(EngineError) -> [UInt8]?
    {
        switch SecurityOptions(security.options).seccomp ?? (security.privileged ? .unconfined : .builtin) {
        case .unconfined: nil
        case .builtin: try builtin(capabilities, kernelRelease)
        case .profile(let text): try SeccompFilters.compile(text, capabilities, kernelRelease)
        }
    }

    /// What whoever installs the filter needs to know besides: its flags, and who answers the calls that it leaves to
    /// somebody; nil where there is nothing to be known.
    func settings(_ security: SecuritySpecification, capabilities: [String], kernelRelease: String)
        throws(EngineError) -> RuntimeSeccomp?
    {
        guard case .profile(let text) = SecurityOptions(security.options).seccomp else { return nil }
        var filter = try SeccompFilters.resolve(text, capabilities, kernelRelease)
        filter.calls = filter.calls.filter { $0.action == "SCMP_ACT_NOTIFY" }
        return filter.flags.isEmpty && filter.calls.isEmpty ? nil : filter
    }

    private func builtin(_ capabilities: [String], _ kernelRelease: String) throws(EngineError) -> [UInt8] {
        let name = SeccompFilters.name(capabilities, kernelRelease)
        if let filter = known.withLock({ $0[name] }) { return filter }
        let path = "\(directory)/\(name).bpf"
        // No file: it is compiled now. Half a file can't be: it is renamed into its place.
        if let filter = try? Files.read(path), !filter.isEmpty, filter.count % 8 == 0 {
            known.withLock { $0[name] = filter }
            return filter
        }
        let filter = try SeccompFilters.compile(SeccompProfile.dockerDefault, capabilities, kernelRelease)
        do { try Files.writeDurably(path, filter, mode: 0o600) } catch { logger.warning("keep a filter: \(error)") }
        known.withLock { $0[name] = filter }
        return filter
    }

    private static func compile(_ profile: String, _ capabilities: [String], _ kernelRelease: String)
        throws(EngineError) -> [UInt8]
    {
        let filter = try resolve(profile, capabilities, kernelRelease)
        do { return try SeccompCompiler.compile(filter) } catch {
            throw EngineError(.invalid, "Decoding seccomp profile failed: \(error)")
        }
    }

    private static func resolve(_ profile: String, _ capabilities: [String], _ kernelRelease: String)
        throws(EngineError) -> RuntimeSeccomp
    {
        do {
            let profile = try SeccompProfile(parsing: profile)
            return profile.resolved(capabilities: capabilities, kernelRelease: kernelRelease)
        } catch {
            throw EngineError(.invalid, "Decoding seccomp profile failed: \(error)")
        }
    }

    /// The capabilities as bits, and the kernel's version: all that the default profile depends on.
    private static func name(_ capabilities: [String], _ kernelRelease: String) -> String {
        var bits: UInt64 = 0
        for name in capabilities {
            if let number = CapabilityNames.all.firstIndex(of: name) { bits |= 1 << UInt64(number) }
        }
        // 2: to be raised when the compiler makes another program of the same profile.
        return
            "default-2-\(String(bits, radix: 16))-\(kernelRelease.filter { $0.isLetter || $0.isNumber || $0 == "." })"
    }
}
