/// An image's name as people write it, `busybox`, `quay.io/team/app:1.2`, `app@sha256:…`, in its full form.
///
/// ```
/// registry.example:5000 / team/app : 1.2 @ sha256:…
///  domain                 path      tag    digest
/// ```
public struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// The registry, `docker.io` where none was given.
    public let domain: String
    /// The repository in it, `library/busybox`.
    public let path: String
    /// The tag; nil only where a digest says which image is meant.
    public let tag: String?
    /// The digest, if one was given.
    public let digest: Digest?

    /// Reads a name and completes it; nil if it is none.
    public init?(_ text: some StringProtocol) {
        var rest = Substring(text)
        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            digest = Digest(rest[rest.index(after: at)...])
            guard digest != nil else { return nil }
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        var domain = "docker.io"
        if let slash = rest.firstIndex(of: "/") {
            let first = rest[..<slash]
            if first.contains(".") || first.contains(":") || first == "localhost" {
                domain = first == "index.docker.io" ? "docker.io" : String(first)
                rest = rest[rest.index(after: slash)...]
            }
        }
        if domain == "docker.io", !rest.contains("/") { rest = "library/" + rest }
        guard Reference.isPath(rest), Reference.isDomain(domain), tag.map(Reference.isTag) ?? true else { return nil }
        self.domain = domain
        path = String(rest)
        self.tag = tag ?? (digest == nil ? "latest" : nil)
        self.digest = digest
    }

    /// Repository without tag or digest, as people are shown it: `busybox`, `quay.io/team/app`.
    public var familiarName: String {
        guard domain == "docker.io" else { return "\(domain)/\(path)" }
        return path.hasPrefix("library/") ? String(path.dropFirst(8)) : path
    }

    /// The shortest form that means the same: `busybox:latest`.
    public var familiar: String { familiarName + suffix }

    /// The full form: `docker.io/library/busybox:latest`.
    public var description: String { "\(domain)/\(path)" + suffix }

    private var suffix: String { (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }

    /// Components of lower-case letters and digits, with single separators between them (distribution-spec, `name`).
    private static func isPath(_ path: Substring) -> Bool {
        guard !path.isEmpty, path.utf8.count <= 255 else { return false }
        return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isComponent)
    }

    private static func isComponent(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, isLower(first), isLower(last) else { return false }
        // between letters and digits: one dot, one or two underscores, or any number of dashes
        let separators = text.split(whereSeparator: { $0.utf8.first.map(isLower) ?? false })
        return separators.allSatisfy {
            $0 == "." || $0 == "_" || $0 == "__" || $0.utf8.allSatisfy { $0 == UInt8(ascii: "-") }
        }
    }

    private static func isDomain(_ domain: String) -> Bool {
        let parts = domain.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, parts.count <= 2, host.utf8.first.map(isWord) ?? false,
            host.utf8.last.map(isWord) ?? false
        else {
            return false
        }
        let port = parts.dropFirst().first
        return host.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
            && (port.map { UInt16($0) != nil } ?? true)
    }

    private static func isTag(_ tag: String) -> Bool {
        guard let first = tag.utf8.first, isWord(first) || first == UInt8(ascii: "_") else { return false }
        return tag.utf8.count <= 128 && tag.utf8.allSatisfy { isWord($0) || "_.-".utf8.contains($0) }
    }

    private static func isLower(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        isLower(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
