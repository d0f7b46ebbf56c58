import Glibc
import Linux

/// Where things are on the host.
struct EnginePaths: Sendable {
    /// What persists.
    let root: String
    /// What a boot clears.
    let executionRoot: String
    private let helpers: String?
    private let configuredInit: String?

    init(_ configuration: EngineConfiguration) {
        root = configuration.root
        executionRoot = configuration.executionRoot
        helpers = configuration.helpers
        configuredInit = configuration.initPath
    }

    /// Makes the folders.
    func prepare() throws(EngineError) {
        do {
            for path in [root, root + "/containers", root + "/volumes", root + "/machines", root + "/seccomp"] {
                try Files.makeDirectories(path, mode: 0o711)
            }
            for path in [executionRoot + "/containers", executionRoot + "/machines"] {
                try Files.makeDirectories(path, mode: 0o711)
            }
            try prepareInitLayer()
        } catch {
            throw EngineError(.internal, "prepare the folders of the daemon: \(error)")
        }
    }

    /// A container's own folder: writable layer, log, exit record, files of the network.
    func container(_ id: String) -> String { "\(root)/containers/\(id)" }
    /// The folder of its monitor's socket.
    func monitor(_ id: String) -> String { "\(executionRoot)/containers/\(id)" }
    /// A volume's folder.
    func volume(_ name: String) -> String { "\(root)/volumes/\(name)" }
    /// A machine's folder.
    func machine(_ name: String) -> String { "\(root)/machines/\(name)" }
    /// The folder of a machine's monitor and channels.
    func machineMonitor(_ id: String) -> String { "\(executionRoot)/machines/\(id)" }
    /// Where the monitor records the exit. A container that is removed when it ends needs no record that survives a
    /// power cut, and syncing in memory costs nothing.
    func exitRecord(_ id: String, transient: Bool) -> String {
        (transient ? monitor(id) : container(id)) + "/exit.json"
    }

    /// The lowest layer of every container: the mount points that an image may lack.
    var initLayer: String { root + "/init" }

    private func prepareInitLayer() throws(SystemError) {
        guard !Files.exists(initLayer + "/etc/mtab") else { return }
        for directory in ["dev/pts", "dev/shm", "proc", "sys", "etc"] {
            try Files.makeDirectories("\(initLayer)/\(directory)")
        }
        for file in [".dockerenv", "etc/resolv.conf", "etc/hosts", "etc/hostname", "dev/console"] {
            try Files.write("\(initLayer)/\(file)", [], mode: 0o755)
        }
        guard symlink("/proc/mounts", initLayer + "/etc/mtab") == 0 else {
            throw .last("link", initLayer + "/etc/mtab")
        }
    }

    /// A helper program, beside this one unless configured.
    func helper(_ name: String) throws(EngineError) -> String {
        let path = (try ownFolderUnlessConfigured()) + "/" + name
        guard access(path, X_OK) == 0 else {
            throw EngineError(.unavailable, "\(path) is missing: install it beside the daemon")
        }
        return path
    }

    /// The statically linked program that `--init` puts before a container's own: the configured one, or tini under
    /// one of the names that it is packaged with.
    func initProgram() throws(EngineError) -> String {
        if let configuredInit {
            guard access(configuredInit, X_OK) == 0 else {
                throw EngineError(.unavailable, "the program of --init-path, \(configuredInit), can't be executed")
            }
            return configuredInit
        }
        var folders = [try ownFolderUnlessConfigured()]
        if let search = getenv("PATH") {
            folders += String(cString: search).split(separator: ":").map(String.init)
        }
        for name in ["docker-init", "tini-static"] {
            for folder in folders where access("\(folder)/\(name)", X_OK) == 0 { return "\(folder)/\(name)" }
        }
        throw EngineError(
            .unavailable,
            "--init needs docker-init or tini-static, and neither is in the daemon's PATH: install tini")
    }

    private func ownFolderUnlessConfigured() throws(EngineError) -> String {
        if let helpers { return helpers }
        return try EnginePaths.ownFolder()
    }

    private static func ownFolder() throws(EngineError) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw EngineError(.internal, "\(SystemError.last("read", "/proc/self/exe"))") }
        let path = buffer[..<count].map { UInt8(bitPattern: $0) }
        return Files.parent(of: String(decoding: path, as: UTF8.self))
    }
}

/// Makes sure that a root belongs to one daemon.
struct RootLock: ~Copyable {
    private let file: Descriptor

    init(_ path: String) throws(EngineError) {
        file = try RootLock.locked(path)
    }

    private static func locked(_ path: String) throws(EngineError) -> Descriptor {
        let file = try open(path)
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            throw EngineError(.conflict, "another daemon uses this root (\(path) is locked)")
        }
        return file
    }

    private static func open(_ path: String) throws(EngineError) -> Descriptor {
        do {
            return try Descriptor.open(path, [.writeOnly, .create], mode: 0o600)
        } catch {
            throw EngineError(.internal, "lock the root: \(error)")
        }
    }
}
