import NIOHTTP1

/// What is served at one path.
struct Route: Sendable {
    let method: HTTPMethod
    /// What stands before the name, and behind it; without a name, the whole path stands before.
    let prefix: String
    let suffix: String?
    let handler: @Sendable (Call) async throws -> Reply

    /// - Parameter pattern: at most one `{name}` in it, which may have slashes in it: names of images have.
    init(
        _ method: HTTPMethod, _ pattern: String, _ handler: @escaping @Sendable (Call) async throws -> Reply
    ) {
        self.method = method
        self.handler = handler
        if let open = pattern.firstIndex(of: "{"), let close = pattern.firstIndex(of: "}") {
            prefix = String(pattern[..<open])
            suffix = String(pattern[pattern.index(after: close)...])
        } else {
            prefix = pattern
            suffix = nil
        }
    }

    /// The name in the path where the path is this route's, empty for one without a name; nil where it is not.
    func match(_ method: HTTPMethod, _ path: Substring) -> Substring? {
        guard method == self.method else { return nil }
        guard let suffix else { return path == prefix ? "" : nil }
        guard path.utf8.count > prefix.utf8.count + suffix.utf8.count, path.hasPrefix(prefix), path.hasSuffix(suffix)
        else { return nil }
        return path.dropFirst(prefix.count).dropLast(suffix.count)
    }
}

/// Finds the route of a request: the first that matches, so the longer patterns stand first.
struct Router: Sendable {
    let routes: [Route]

    func find(_ method: HTTPMethod, _ path: Substring) -> (route: Route, name: String)? {
        for route in routes {
            guard let name = route.match(method, path) else { continue }
            // Docker's own clients sometimes write a container's name with its leading slash.
            return (route, Query.decoded(name.first == "/" ? name.dropFirst() : name))
        }
        return nil
    }
}
