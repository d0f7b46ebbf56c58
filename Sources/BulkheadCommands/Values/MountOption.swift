internal import DockerModels

/// `--mount type=bind,source=/a,target=/b,readonly`.
enum MountOption {
    static func parse(_ text: String) throws(CommandError) -> MountConfig {
        var type = "volume"
        var source: String?
        var target = ""
        var readOnly: Bool?
        var consistency: String?
        var bind = MountConfig.BindOptions()
        var volume = MountConfig.VolumeOptions()
        var tmpfs = MountConfig.TmpfsOptions()
        for field in fields(of: text) {
            let equals = field.firstIndex(of: "=")
            let name = field[..<(equals ?? field.endIndex)].lowercased()
            let value = equals.map { String(field[field.index(after: $0)...]) }
            func required() throws(CommandError) -> String {
                guard let value, !value.isEmpty else { throw invalid(text, "\(name) needs a value") }
                return value
            }
            func flag() throws(CommandError) -> Bool {
                guard let value else { return true }
                guard let flag = Switches.value(of: value) else {
                    throw invalid(text, "\(name) is true or false, not \(value)")
                }
                return flag
            }
            switch name {
            case "type": type = try required().lowercased()
            case "source", "src": source = try required()
            case "target", "destination", "dst": target = try required()
            case "readonly", "ro": readOnly = try flag()
            case "consistency": consistency = try required()
            case "bind-propagation": bind.propagation = try required()
            case "bind-nonrecursive": bind.nonRecursive = try flag()
            case "bind-create-src": bind.createMountpoint = try flag()
            case "volume-nocopy": volume.noCopy = try flag()
            case "volume-subpath": volume.subpath = try required()
            case "volume-label":
                let label = KeyValue.parse(try required())
                volume.labels = (volume.labels ?? [:]).merging([label.key: label.value]) { $1 }
            case "tmpfs-size": tmpfs.sizeBytes = try ByteSize.parse(try required(), option: "tmpfs-size")
            case "tmpfs-mode":
                guard let mode = UInt32(try required(), radix: 8) else { throw invalid(text, "tmpfs-mode is octal") }
                tmpfs.mode = mode
            default: throw invalid(text, "unknown field \(name)")
            }
        }
        guard !target.isEmpty else { throw invalid(text, "the field target is missing") }
        var mount = MountConfig(type: type, source: source, target: target)
        mount.readOnly = readOnly == true ? true : nil
        mount.consistency = consistency
        if bind != .init() { mount.bindOptions = bind }
        if volume != .init() { mount.volumeOptions = volume }
        if tmpfs != .init() { mount.tmpfsOptions = tmpfs }
        for (used, belongs) in [
            (bind != .init(), "bind"), (volume != .init(), "volume"), (tmpfs != .init(), "tmpfs"),
        ] where used && belongs != type {
            throw invalid(text, "\(belongs) options with type \(type)")
        }
        if type == "bind" && source == nil { throw invalid(text, "the field source is missing") }
        return mount
    }

    /// The fields of one line of comma-separated values, in which a field may be quoted.
    private static func fields(of text: String) -> [String] {
        var fields = [""]
        var quoted = false
        for character in text {
            switch character {
            case "\"": quoted.toggle()
            case "," where !quoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
        }
        return fields
    }

    private static func invalid(_ text: String, _ reason: String) -> CommandError {
        .usage("invalid mount \"\(text)\": \(reason)")
    }
}
