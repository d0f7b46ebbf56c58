internal import Linux

/// The modules of one kernel package.
struct ModuleTree {
    /// What a guest needs: its transport, disks, network, the link to the host, and what containers are made of.
    static let wanted = [
        "virtio_mmio", "virtio_console", "virtio_blk", "virtio_net", "erofs", "overlay", "fuse", "virtiofs", "veth",
        "bridge",
    ]

    private var paths: [String: String] = [:]
    private var builtIn: Set<String> = []

    /// Finds the modules below `lib/modules/RELEASE`.
    init(folder: String) throws(MachineError) {
        do {
            try find(in: folder + "/kernel")
            for line in try Files.readText(folder + "/modules.builtin").split(separator: "\n") {
                builtIn.insert(ModuleTree.name(ofFile: line.split(separator: "/").last.map(String.init) ?? ""))
            }
        } catch {
            throw MachineError(.missing, "kernel modules: \(error)")
        }
    }

    /// These modules and all that they need, each behind what it needs itself.
    func closure(of names: [String]) throws(MachineError) -> [(name: String, module: KernelModule)] {
        var order: [(name: String, module: KernelModule)] = []
        var seen: Set<String> = []
        for name in names { try add(name, &order, &seen) }
        return order
    }

    private func add(
        _ name: String, _ order: inout [(name: String, module: KernelModule)], _ seen: inout Set<String>
    ) throws(MachineError) {
        guard seen.insert(name).inserted, !builtIn.contains(name) else { return }
        guard let path = paths[name] else {
            throw MachineError(.unusable, "kernel module \(name): the kernel package does not have it")
        }
        let bytes: [UInt8]
        do {
            bytes = path.hasSuffix(".ko") ? try Files.read(path) : try Decompression.bytes(ofFile: path)
        } catch let error as MachineError {
            throw error
        } catch {
            throw MachineError(.failed, "\(error)")
        }
        guard let module = KernelModule(bytes) else {
            throw MachineError(.unusable, "kernel module \(path): not a module")
        }
        for dependency in module.dependencies { try add(dependency, &order, &seen) }
        order.append((name, module))
    }

    private mutating func find(in folder: String) throws(SystemError) {
        for entry in try Files.entries(of: folder) {
            let path = "\(folder)/\(entry)"
            if entry.contains(".ko") {
                paths[ModuleTree.name(ofFile: entry)] = path
            } else if Files.isDirectory(path) {
                try find(in: path)
            }
        }
    }

    /// `virtio-rng.ko.xz` is virtio_rng.
    private static func name(ofFile file: String) -> String {
        KernelModule.name(String(file.prefix { $0 != "." }))
    }
}
