import OCI

/// A JSON value while it is being written: members keep their order.
final class JSONNode {
    enum Content {
        case null
        case bool(Bool)
        case integer(Int64)
        case unsigned(UInt64)
        case double(Double)
        case string(String)
        case array([JSONNode])
        case object([(name: String, node: JSONNode)])
        case document(JSON)
    }

    var content: Content

    init(_ content: Content = .null) { self.content = content }

    static func encoding(_ value: some Encodable) throws -> JSONNode {
        if let document = value as? JSON { return JSONNode(.document(document)) }
        let node = JSONNode()
        try value.encode(to: JSONNodeEncoder(node: node, codingPath: [], writesNulls: value is any WritesNulls))
        return node
    }

    /// A new member; `self` becomes an object.
    func member(_ name: String, _ node: JSONNode) {
        if case .object(var members) = content {
            content = .null
            members.append((name, node))
            content = .object(members)
        } else {
            content = .object([(name, node)])
        }
    }

    /// A new element; `self` becomes an array.
    func element(_ node: JSONNode) {
        if case .array(var elements) = content {
            content = .null
            elements.append(node)
            content = .array(elements)
        } else {
            content = .array([node])
        }
    }

    func write(to bytes: inout [UInt8]) {
        switch content {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .unsigned(let value): bytes.append(contentsOf: String(value).utf8)
        case .double(let value): bytes.append(contentsOf: JSON.double(value).encoded)
        case .string(let value): bytes.append(contentsOf: JSON.string(value).encoded)
        case .document(let document): bytes.append(contentsOf: document.encoded)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes.append(contentsOf: JSON.string(member.name).encoded)
                bytes.append(UInt8(ascii: ":"))
                member.node.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
