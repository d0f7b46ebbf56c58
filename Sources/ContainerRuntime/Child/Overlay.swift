internal import Glibc
internal import Linux

/// An overlay of directories.
struct Overlay {
    /// The topmost first.
    let lower: [String]
    let upper: String?
    let work: String?
    /// Whether files keep numbers of their own whichever layers they come from: an overlay of this one shows them as
    /// those of a single file system.
    var hasUniqueNumbers = false

    /// The longest value that fsconfig(2) takes before Linux 6.5, in bytes.
    private static let longestValue = 255

    /// Mounts it; it is attached nowhere yet.
    ///
    /// The layers' common directory becomes the present one and their paths are given relative to it: so they are short.
    func mount() throws(SystemError) -> Descriptor {
        let common = Overlay.commonDirectory(lower)
        try Program.changeDirectory(common)
        let prefix = common == "/" ? 1 : common.utf8.count + 1
        let layers = lower.map { path in
            let relative = String(path.dropFirst(prefix))
            return Overlay.escaped(relative.isEmpty ? "." : relative)
        }
        var options = [("lowerdir", layers.concatenated(separator: ":"))]
        if let upper, let work {
            options += [("upperdir", Overlay.escaped(upper)), ("workdir", Overlay.escaped(work))]
        }
        if hasUniqueNumbers { options.append(("xino", "on")) }
        // Older kernels refuse commas there, whatever stands in front of them.
        let isSimple = options.allSatisfy { _, value in
            value.utf8.count <= Overlay.longestValue && !value.utf8.contains(UInt8(ascii: ","))
        }
        guard isSimple else { return try mountAtPlace(options, or: common) }
        return try Mount.make(
            "overlay", source: "overlay", options: options.map { ($0, $1) }, upper == nil ? .readOnly : [])
    }

    /// The way for many layers: mount(2) takes one page of options, in which 127 of them fit. (`lowerdir+` came with
    /// Linux 6.5.)
    private func mountAtPlace(_ options: [(String, String)], or common: String) throws(SystemError) -> Descriptor {
        let data = options.map { "\($0)=\($1)" }.concatenated(separator: ",")
        guard data.utf8.count < 4096 else { throw SystemError("mount overlay", "options", code: E2BIG) }
        // The first layer is a directory that exists: the overlay is put over it for a moment, to be taken from there.
        let place = upper ?? lower.first ?? common
        let flags: MountFlags = upper == nil ? .readOnly : []
        try Mount.mount("overlay", at: place, type: "overlay", flags, data: data)
        let tree = try Mount.cloneTree(at: place, recursive: false)
        try Mount.unmount(place, detach: true)
        return tree
    }

    /// The deepest directory that all paths lie below.
    static func commonDirectory(_ paths: [String]) -> String {
        guard let first = paths.first else { return "/" }
        var common = Files.parent(of: first)
        while common != "/" && !paths.allSatisfy({ $0.hasPrefix(common + "/") }) { common = Files.parent(of: common) }
        return common
    }

    /// Overlay splits its options at commas and its layers at colons unless there is a backslash in front.
    static func escaped(_ path: String) -> String {
        guard path.contains(where: { $0 == "\\" || $0 == ":" || $0 == "," }) else { return path }
        return String(path.flatMap { $0 == "\\" || $0 == ":" || $0 == "," ? ["\\", $0] : [$0] })
    }
}
