internal import Glibc
internal import Linux

/// An overlay of directories.
struct Overlay {
    /// The topmost first.
    let lower: [String]
    let upper: String?
    let work: String?

    /// Mounts it; it is attached nowhere yet.
    ///
    /// mount(2) takes one page of options: the layers' common directory becomes the present one and their paths are
    /// given relative to it, so that 127 layers fit. (fsconfig takes 256 bytes a value, and `lowerdir+` came with 6.5.)
    func mount() throws(SystemError) -> Descriptor {
        let common = Overlay.commonDirectory(lower)
        try Program.changeDirectory(common)
        let prefix = common == "/" ? 1 : common.utf8.count + 1
        let layers = lower.map { path in
            let relative = String(path.dropFirst(prefix))
            return Overlay.escaped(relative.isEmpty ? "." : relative)
        }
        var data = "lowerdir=" + layers.concatenated(separator: ":")
        if let upper, let work {
            data += ",upperdir=\(Overlay.escaped(upper)),workdir=\(Overlay.escaped(work))"
        }
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
