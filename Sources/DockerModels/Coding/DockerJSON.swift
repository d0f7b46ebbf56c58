public import OCI

/// Reads and writes the API's values as JSON, without Foundation.
///
/// Reading is as Go's servers and clients do it: names of members match without regard to case, unknown members are
/// ignored, null is the same as absent. Members are written in the order in which they are declared.
public enum DockerJSON {
    /// A value as compact JSON text.
    ///
    /// - Throws: `EncodingError` for a value that JSON can't express; none of this module's is such a value.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        let node = try JSONNode.encoding(value)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        node.write(to: &bytes)
        return bytes
    }

    /// A value from JSON text.
    ///
    /// - Throws: ``OCI/JSONError`` naming the member.
    public static func decode<T: Decodable>(_ type: T.Type = T.self, from bytes: [UInt8]) throws(JSONError) -> T {
        try decode(type, from: try JSON(parsing: bytes))
    }

    /// A value from a parsed document.
    ///
    /// - Throws: ``OCI/JSONError`` naming the member.
    public static func decode<T: Decodable>(_ type: T.Type = T.self, from document: JSON) throws(JSONError) -> T {
        do {
            return try T(from: JSONValueDecoder(value: document, codingPath: []))
        } catch let error as JSONError {
            throw error
        } catch let error as DecodingError {
            throw JSONError(error)
        } catch {
            throw JSONError(path: "the document", problem: "\(error)")
        }
    }
}

extension JSONError {
    init(_ error: DecodingError) {
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found): context = found
        case .dataCorrupted(let found): context = found
        @unknown default:
            self.init(path: "the document", problem: "\(error)")
            return
        }
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        self.init(path: path.isEmpty ? "the document" : path, problem: context.debugDescription)
    }
}

extension JSON: Codable {
    /// Only ``DockerJSON`` decodes documents inside of values.
    public init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? JSONValueDecoder else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "is only read by DockerJSON"))
        }
        self = decoder.value
    }

    /// Only ``DockerJSON`` encodes documents inside of values.
    public func encode(to encoder: any Encoder) throws {
        guard let encoder = encoder as? JSONNodeEncoder else {
            throw EncodingError.invalidValue(
                self, .init(codingPath: encoder.codingPath, debugDescription: "is only written by DockerJSON"))
        }
        encoder.node.content = .document(self)
    }
}
