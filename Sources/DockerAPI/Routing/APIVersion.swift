import NIOHTTP1

/// A version of the API, as in `/v1.51/containers/json`.
struct APIVersion: Sendable, Equatable, Comparable, CustomStringConvertible {
    var major: Int
    var minor: Int

    /// The newest that is served: the last one that keeps what older scripts read from an inspected container.
    static let newest = APIVersion(major: 1, minor: 51)
    /// The oldest that is served.
    static let oldest = APIVersion(major: 1, minor: 24)

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `1.51`.
    init?(_ text: Substring) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
        self.init(major: major, minor: minor)
    }

    var description: String { "\(major).\(minor)" }

    static func < (left: APIVersion, right: APIVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// Takes the version from the front of a path; a path without one means the newest.
    ///
    /// - Throws: ``APIError`` for a version that is not served.
    static func taken(from path: inout Substring) throws(APIError) -> APIVersion {
        guard path.hasPrefix("/v") else { return newest }
        let rest = path.dropFirst(2)
        let digits = rest.prefix { $0 != "/" }
        guard let version = APIVersion(digits) else { return newest }
        path = rest.dropFirst(digits.count)
        if version < oldest {
            throw APIError(
                .badRequest,
                "client version \(version) is too old. Minimum supported API version is \(oldest), "
                    + "please upgrade your client to a newer version")
        }
        if version > newest {
            throw APIError(
                .badRequest, "client version \(version) is too new. Maximum supported API version is \(newest)")
        }
        return version
    }
}
