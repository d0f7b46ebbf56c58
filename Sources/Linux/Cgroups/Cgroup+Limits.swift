internal import Glibc

extension Cgroup {
    func perform(_ writes: [CgroupWrite]) throws(SystemError) {
        for write in writes {
            guard let directory = write.controller.map({ self.directory(of: $0) }) ?? unified else {
                throw write.failure(
                    "this host has no control group for", write.controller?.rawValue ?? write.property, ENOTSUP)
            }
            try write.perform(in: directory)
        }
    }

    /// Sets the limits of a new group of v1; those that are nil stay as they are.
    func applySeparate(_ limits: CgroupLimits, raisesSwap: Bool) throws(SystemError) {
        if let (name, _) = limits.unified.min(by: { $0.key < $1.key }) {
            throw SystemError("linux.resources.unified.\(name): this host has no cgroup v2 for it", code: ENOTSUP)
        }
        if let directory = directories[.cpuset], limits.processors != nil || limits.memoryNodes != nil {
            try inheritProcessors(directory)
        }
        var writes = limits.separateWrites(raisesSwap: raisesSwap)
        if !moved.isEmpty {
            // What the host has in its v2 tree has the files of v2.
            writes.removeAll { $0.controller.map(moved.contains) ?? false }
            writes += limits.unifiedWrites().filter { $0.controller.map(moved.contains) ?? false }
        }
        try perform(writes)
        if let rules = limits.devices { try setDevices(rules) }
    }

    private func setDevices(_ rules: [CgroupDeviceRule]) throws(SystemError) {
        // A rule that is about everything replaces all before it: those need not be told to the kernel.
        let start = rules.lastIndex { $0.isEverything } ?? 0
        guard let directory = directory(of: .devices) else {
            throw SystemError(
                "linux.resources.devices: this host has no control group for", "devices", code: ENOTSUP)
        }
        let (allowing, denying) = ("\(directory)/devices.allow", "\(directory)/devices.deny")
        // There are many rules, and opening one of these files takes longer than writing to it.
        let allow = try Descriptor.open(allowing, .writeOnly)
        let deny = try Descriptor.open(denying, .writeOnly)
        for rule in rules[start...] {
            let line = rule.isEverything ? "a" : rule.line
            do { if rule.allow { try allow.writeAll(line) } else { try deny.writeAll(line) } } catch {
                let file = rule.allow ? allowing : denying
                throw SystemError("linux.resources.devices: write \(line) to", file, code: error.code)
            }
        }
    }

    /// A new cpuset of v1 is empty, and its ancestors may be: everything is taken over from the one above first.
    func inheritProcessors(_ directory: String) throws(SystemError) {
        for file in ["cpuset.cpus", "cpuset.mems"] {
            var empty: [String] = []
            var present = directory
            var value = try Files.readText("\(present)/\(file)").prefix { $0 != "\n" }
            while value.isEmpty {
                empty.append(present)
                present = Files.parent(of: present)
                value = try Files.readText("\(present)/\(file)").prefix { $0 != "\n" }
            }
            for directory in empty.reversed() { try Files.set("\(directory)/\(file)", String(value)) }
        }
    }

    /// The same for v2.
    func applyUnified(_ limits: CgroupLimits, _ programs: DevicePrograms) throws(SystemError) {
        if let property = limits.impossibleInUnified {
            throw SystemError("linux.resources.\(property): cgroup v2 has nothing like it", code: ENOTSUP)
        }
        if let name = limits.unified.keys.sorted().first(where: { $0.contains("/") }) {
            throw SystemError("linux.resources.unified.\(name): is no name of a file", code: EINVAL)
        }
        try perform(limits.unifiedWrites())
        if let rules = limits.devices, let unified { try programs.attach(rules, to: unified) }
    }
}

extension CgroupBlockLimits {
    /// Whether nothing is limited.
    var isEmpty: Bool {
        weight == nil && leafWeight == nil && deviceWeights.isEmpty && deviceLeafWeights.isEmpty && throttles.isEmpty
    }
}
