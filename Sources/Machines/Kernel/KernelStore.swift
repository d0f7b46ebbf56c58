internal import Linux

/// The kernels that guests boot, made from an unpacked distribution package and cached.
///
/// ```
/// <directory>/boot/vmlinuz-RELEASE           from the package
/// <directory>/lib/modules/RELEASE/…          (or usr/lib/modules)
/// <directory>/cache/RELEASE-<mark>/vmlinux   made once for a kernel
/// <directory>/cache/RELEASE-<mark>/initrd-<mark>-<modules>   made once for a kernel, an agent and further modules
/// ```
/// A mark stands for the file that something was made from: its size and time of change.
public struct KernelStore: Sendable {
    /// Raised whenever what stands in an initrd, or how, changes.
    private static let format = 1

    /// The unpacked package; `cache` is made in it.
    public let directory: String
    /// The agent that becomes `/init`.
    public let agent: String

    /// Creates it; nothing is read yet.
    public init(directory: String, agent: String) {
        self.directory = directory
        self.agent = agent
    }

    /// Extracts the newest kernel and builds its initrd, unless both are cached already.
    ///
    /// - Parameter modules: those that the guest needs beyond what every guest needs.
    /// - Throws: ``MachineError``, of kind `missing` where there is no kernel.
    public func prepare(modules: [String] = []) throws(MachineError) -> GuestKernel {
        let (release, compressed) = try newest()
        let folder = "\(directory)/cache/\(release)-\(try mark(of: compressed))"
        do { try Files.makeDirectories(folder) } catch { throw MachineError(.failed, "\(error)") }
        let kernel = "\(folder)/vmlinux"
        if !Files.exists(kernel) {
            let bytes = try step { () throws(SystemError) in try Files.read(compressed, limit: 1 << 28) }
            let extracted = try CompressedKernel.extract(bytes, name: compressed)
            try step { () throws(SystemError) in try Files.writeDurably(kernel, extracted) }
        }
        let stem = "\(folder)/initrd-\(KernelStore.format)-\(try mark(of: agent))"
        let initrd = ([stem] + modules).joined(separator: "-")
        if !Files.exists(initrd) {
            try makeInitrd(initrd, modules: ModuleTree.wanted + modules, release: release)
            removeOthers(in: folder, keeping: stem)
        }
        return GuestKernel(kernelPath: kernel, initrdPath: initrd, release: release)
    }

    private func makeInitrd(_ path: String, modules wanted: [String], release: String) throws(MachineError) {
        let places = ["\(directory)/lib/modules/\(release)", "\(directory)/usr/lib/modules/\(release)"]
        guard let modules = places.first(where: { Files.isDirectory($0) }) else {
            throw MachineError(.missing, "kernel modules: neither of \(places.joined(separator: ", ")) is there")
        }
        let order = try ModuleTree(folder: modules).closure(of: wanted)
        let program = try step { () throws(SystemError) in try Files.read(agent, limit: 1 << 28) }
        guard var image = ELFImage(program) else {
            throw MachineError(.unusable, "guest agent \(agent): not a 64-bit ELF program")
        }
        image.cutToSegments()
        // Two daemons, or two requests, may do this at once: each has a temporary file of its own.
        let temporary = "\(path).\(Program.number).\(Clock.monotonicNanoseconds).new"
        do {
            try InitialFileSystem(agent: image.bytes, modules: order).write(to: temporary)
            try step { () throws(SystemError) in try Files.rename(temporary, to: path) }
        } catch {
            // Only tidiness: the error that matters is the one before.
            try? Files.remove(temporary)
            throw error
        }
    }

    /// Initrds of agents that are not there any more. Machines that run have read theirs.
    private func removeOthers(in folder: String, keeping stem: String) {
        for name in (try? Files.entries(of: folder)) ?? [] where name.hasPrefix("initrd-") && !name.hasSuffix(".new") {
            // Left behind, it only takes room.
            if !"\(folder)/\(name)".hasPrefix(stem) { try? Files.remove("\(folder)/\(name)") }
        }
    }

    private func newest() throws(MachineError) -> (release: String, path: String) {
        let prefix = "vmlinuz-"
        // A folder that can't be read is as good as one without a kernel.
        let names = ((try? Files.entries(of: directory + "/boot")) ?? []).filter { $0.hasPrefix(prefix) }
        guard let name = names.max(by: { KernelStore.isOlder($0, $1) }) else {
            throw MachineError(
                .missing,
                "kernel: none in \(directory)/boot; unpack one there with scripts/fetch-kernel \(directory)")
        }
        return (String(name.dropFirst(prefix.count)), "\(directory)/boot/\(name)")
    }

    /// Compares versions: runs of digits as numbers, everything else as text.
    static func isOlder(_ first: String, _ second: String) -> Bool {
        let (one, other) = (parts(first), parts(second))
        for (left, right) in zip(one, other) where left != right {
            if let leftNumber = Int(left), let rightNumber = Int(right) { return leftNumber < rightNumber }
            return left < right
        }
        return one.count < other.count
    }

    private static func parts(_ text: String) -> [String] {
        var parts: [String] = []
        var wasDigit: Bool?
        for character in text {
            let isDigit = character.isNumber
            if wasDigit == isDigit { parts[parts.count - 1].append(character) } else { parts.append(String(character)) }
            wasDigit = isDigit
        }
        return parts
    }

    private func mark(of path: String) throws(MachineError) -> String {
        guard let status = FileStatus(path) else { throw MachineError(.missing, "\(path): not there") }
        return String(status.size, radix: 36) + "." + String(status.modifiedAt, radix: 36)
    }

    @discardableResult
    private func step<T>(_ body: () throws(SystemError) -> T) throws(MachineError) -> T {
        do { return try body() } catch { throw MachineError(.failed, "\(error)") }
    }
}
