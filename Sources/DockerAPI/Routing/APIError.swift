import Engine
import NIOHTTP1
import OCI

/// An error as the client gets it.
struct APIError: Error, Equatable {
    var status: HTTPResponseStatus
    var message: String

    init(_ status: HTTPResponseStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// Nothing is served at that path.
    static let pageNotFound = APIError(.notFound, "page not found")

    /// What anything thrown by a route means to a client: the one place where that is decided.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as EngineError: self.init(error)
        case let error as JSONError: self.init(.badRequest, "invalid JSON: \(error)")
        default: self.init(.internalServerError, "\(error)")
        }
    }

    init(_ error: EngineError) {
        let status: HTTPResponseStatus =
            switch error.kind {
            case .notFound: .notFound
            case .conflict, .notRunning: .conflict
            case .invalid, .commandNotFound, .commandNotExecutable: .badRequest
            case .notModified: .notModified
            case .forbidden: .forbidden
            case .unavailable: .notImplemented
            case .internal: .internalServerError
            }
        self.init(status, error.message)
    }
}
