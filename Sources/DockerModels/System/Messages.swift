public import OCI

/// The body of every error.
public struct ErrorMessage: Sendable, Equatable, Codable {
    /// What failed, for people.
    public var message: String

    /// Creates it.
    public init(message: String) { self.message = message }
}

/// An answer that is only an identifier.
public struct Identifier: Sendable, Equatable, Codable {
    /// It.
    public var id: String

    /// Creates it.
    public init(id: String) { self.id = id }

    enum CodingKeys: String, CodingKey { case id = "Id" }
}

/// One line of the progress of a pull, load, import or build.
public struct ProgressMessage: Sendable, Equatable, Codable {
    /// Text to be printed as it is; a step; what the step is about; a drawn bar; why it failed.
    public var stream, status, id, progress, error: String?
    /// How far the step is.
    public var progressDetail: ProgressDetail?
    /// Why it failed.
    public var errorDetail: ErrorDetail?
    /// A result.
    public var aux: JSON?

    /// Nothing set.
    public init(stream: String? = nil, status: String? = nil, id: String? = nil) {
        self.stream = stream
        self.status = status
        self.id = id
    }

    /// A failure, in both shapes that clients look for.
    public init(failure: String) {
        error = failure
        errorDetail = ErrorDetail(message: failure)
    }

    /// How far a step is, in bytes.
    public struct ProgressDetail: Sendable, Equatable, Codable {
        /// So far and in all.
        public var current, total: Int64?

        /// Creates it.
        public init(current: Int64? = nil, total: Int64? = nil) {
            self.current = current
            self.total = total
        }
    }

    /// Why it failed.
    public struct ErrorDetail: Sendable, Equatable, Codable {
        /// An exit code.
        public var code: Int?
        /// For people.
        public var message: String?

        /// Creates it.
        public init(code: Int? = nil, message: String) {
            self.code = code
            self.message = message
        }
    }
}

/// Something that has happened.
public struct EventMessage: Sendable, Equatable, Codable {
    /// Action, object and image as API versions before 1.22 had them.
    public var status, id, from: String?
    /// `container`, `image`, …; `start`, `die`, ….
    public var type, action: String?
    /// What it happened to.
    public var actor: Actor?
    /// `local`.
    public var scope: String?
    /// In seconds and in nanoseconds since 1970.
    public var time, timeNano: Int64?

    /// Nothing set.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case status, id, from
        case type = "Type", action = "Action", actor = "Actor", scope, time, timeNano
    }

    /// What it happened to.
    public struct Actor: Sendable, Equatable, Codable {
        /// The identifier, or a name.
        public var id: String?
        /// What is known of it.
        public var attributes: [String: String]?

        /// Creates it.
        public init(id: String, attributes: [String: String]) {
            self.id = id
            self.attributes = attributes
        }

        enum CodingKeys: String, CodingKey { case id = "ID", attributes = "Attributes" }
    }
}
