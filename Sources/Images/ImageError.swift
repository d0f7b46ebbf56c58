import Linux
import OCI

/// Why something could not be done with an image.
public enum ImageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no image of that name.
    case notFound(String)
    /// The beginning of an identifier fits several images.
    case ambiguous(String)
    /// The name is none.
    case invalidReference(String)
    /// The archive, or a document in it, is not what it should be.
    case invalidArchive(String)
    /// Something uses the image, or it has more names.
    case conflict(String)
    /// The host could not do it: disk full, program missing.
    case failed(String)

    /// From a step and the call that failed in it.
    init(_ step: String, _ error: SystemError) { self = .failed("\(step): \(error)") }

    /// From a document's mistake.
    init(_ document: String, _ error: JSONError) { self = .invalidArchive("\(document): \(error)") }

    /// The text.
    public var description: String {
        switch self {
        case .notFound(let name): "No such image: \(name)"
        case .ambiguous(let name): "multiple IDs found with provided prefix: \(name)"
        case .invalidReference(let name): "invalid reference format: \(name)"
        case .invalidArchive(let text), .conflict(let text), .failed(let text): text
        }
    }
}
