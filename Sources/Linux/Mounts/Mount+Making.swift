extension Mount {
    /// A new file system that is attached nowhere yet, with what mount(2) would be told: what is still to be done with it
    /// is done through its descriptor, whatever its place is called by then.
    public static func make(
        _ type: String, source: String, _ flags: MountFlags, data: String
    ) throws(SystemError) -> Descriptor {
        let names: [(MountFlags, String)] = [
            (.readOnly, "ro"), (.synchronous, "sync"), (.synchronousDirectories, "dirsync"), (.mandatoryLocks, "mand"),
            (.lazyTime, "lazytime"),
        ]
        var options: [(String, String?)] = names.filter { flags.contains($0.0) }.map { ($0.1, nil) }
        for option in split(data) {
            let parts = option.parts(between: "=", maxSplits: 1, omittingEmpty: false)
            // The quotes are mount(2)'s own.
            let value = parts.count > 1 ? parts[1].parts(between: "\"").map(String.init) : nil
            options.append((String(parts[0]), value?.concatenated(separator: "")))
        }
        return try make(type, source: source, options: options, MountAttributes(flags))
    }

    /// The options in a text: a comma between double quotes parts none.
    static func split(_ data: String) -> [Substring] {
        var isQuoted = false
        return data.utf8.split { byte in
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return byte == UInt8(ascii: ",") && !isQuoted
        }.map { Substring($0) }
    }
}

extension MountAttributes {
    /// Those of the flags of mount(2) that belong to the mount.
    init(_ flags: MountFlags) {
        let pairs: [(MountFlags, MountAttributes)] = [
            (.readOnly, .readOnly), (.noSetUserID, .noSetUserID), (.noDevices, .noDevices), (.noExecute, .noExecute),
            (.noAccessTime, .noAccessTime), (.strictAccessTime, .strictAccessTime),
            (.noDirectoryAccessTime, .noDirectoryAccessTime), (.noSymbolicLinks, .noSymbolicLinks),
        ]
        self = pairs.reduce(into: []) { if flags.contains($1.0) { $0.formUnion($1.1) } }
    }
}
