/// A request to the daemon.
struct Request {
    /// What is sent along.
    enum Body {
        case none
        case json([UInt8])
        /// Pieces of a type that follow.
        case stream(type: String)
    }

    /// The methods that the API uses.
    enum Method: String {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    let method: Method
    let target: String
    var headers: [(String, String)] = []
    var body: Body = .none

    /// A request for a path of the Docker API, or of ours (`/bulkhead/…`, which has no version).
    init(_ method: Method, _ path: Path, query: [(String, String?)] = [], body: Body = .none) {
        self.method = method
        self.body = body
        let parameters = query.compactMap { name, value in value.map { "\(name)=\(Path.escape($0))" } }
        target = path.text + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
    }

    /// A path whose interpolated parts are escaped.
    struct Path: ExpressibleByStringInterpolation {
        let text: String

        init(stringLiteral value: String) { text = Path.versioned(value) }

        init(stringInterpolation: Interpolation) { text = Path.versioned(stringInterpolation.text) }

        /// The API version that the commands are written against; a newer daemon answers in its terms.
        private static func versioned(_ path: String) -> String {
            path.hasPrefix("/bulkhead/") || path == "/_ping" ? path : "/v1.51" + path
        }

        struct Interpolation: StringInterpolationProtocol {
            var text = ""
            init(literalCapacity: Int, interpolationCount: Int) {}
            mutating func appendLiteral(_ literal: String) { text += literal }
            mutating func appendInterpolation(_ value: String) { text += Path.escape(value, keeping: "/:") }
        }

        /// Percent-encoding of everything but unreserved characters and those given.
        static func escape(_ text: String, keeping: String = "") -> String {
            var escaped = ""
            for byte in text.utf8 {
                let character = Character(Unicode.Scalar(byte))
                let unreserved = character.isASCII && (character.isLetter || character.isNumber)
                if unreserved || "-._~".contains(character) || keeping.contains(character) {
                    escaped.append(character)
                } else {
                    let digits = String(byte, radix: 16, uppercase: true)
                    escaped += "%" + (byte < 16 ? "0" : "") + digits
                }
            }
            return escaped
        }
    }
}
