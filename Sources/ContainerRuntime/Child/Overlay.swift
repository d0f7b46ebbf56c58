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

    /// Mounts it; it is attached nowhere yet. The present directory may be another one afterwards.
    ///
    /// - Parameter isTransient: that nothing of it is wanted after the container's end. Otherwise the kernel writes all
    ///   that the upper directory's file system has in memory to its disk before the container's end is known.
    func mount(isTransient: Bool = false) throws(SystemError) -> Descriptor {
        guard isTransient, let work else { return try mount(furtherOptions: []) }
        // The kernel's mark of the container's run before: what stands there may not be whole if the host has crashed
        // since. Then nobody would want it.
        let mark = "\(work)/work/incompat/volatile"
        if Files.exists(mark) {
            for name in try Files.entries(of: mark) { try Files.remove("\(mark)/\(name)") }
            try Files.removeDirectory(mark)
        }
        do throws(SystemError) {
            return try mount(furtherOptions: [("volatile", nil)])
        } catch  where error.code == EINVAL {
            // Linux 5.10 is the first that knows it.
            return try mount(furtherOptions: [])
        }
    }

    private func mount(furtherOptions: [(String, String?)]) throws(SystemError) -> Descriptor {
        var options: [(String, String?)] = [("lowerdir", lower.map(Overlay.escaped).concatenated(separator: ":"))]
        if let upper, let work {
            options += [("upperdir", Overlay.escaped(upper)), ("workdir", Overlay.escaped(work))]
        }
        if hasUniqueNumbers { options.append(("xino", "on")) }
        options += furtherOptions
        // Older kernels refuse commas there, whatever stands in front of them.
        let isSimple = options.allSatisfy { _, value in
            guard let value else { return true }
            return value.utf8.count <= Overlay.longestValue && !value.utf8.contains(UInt8(ascii: ","))
        }
        guard isSimple else { return try mountAtPlace(Array(options.dropFirst())) }
        return try Mount.make("overlay", source: "overlay", options: options, upper == nil ? .readOnly : [])
    }

    /// The way for many layers: mount(2) takes one page of options. The layers' common directory becomes the present one
    /// and their paths are given relative to it, so that 127 of them fit. (`lowerdir+` came with Linux 6.5.)
    private func mountAtPlace(_ options: [(String, String?)]) throws(SystemError) -> Descriptor {
        let common = Overlay.commonDirectory(lower)
        try Program.changeDirectory(common)
        let prefix = common == "/" ? 1 : common.utf8.count + 1
        let layers = lower.map { path in
            let relative = String(path.dropFirst(prefix))
            return Overlay.escaped(relative.isEmpty ? "." : relative)
        }
        let words = options.map { name, value in value.map { "\(name)=\($0)" } ?? name }
        let data = (["lowerdir=" + layers.concatenated(separator: ":")] + words).concatenated(separator: ",")
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
        let special = Array("\\:,".utf8)
        guard path.utf8.contains(where: special.contains) else { return path }
        let bytes = path.utf8.flatMap { special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
