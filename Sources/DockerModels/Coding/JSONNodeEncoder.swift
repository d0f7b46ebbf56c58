/// Encodes into a ``JSONNode``.
struct JSONNodeEncoder: Encoder {
    let node: JSONNode
    let codingPath: [any CodingKey]
    /// Whether absent members are written as null.
    var writesNulls = false
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .object = node.content {} else { node.content = .object([]) }
        return KeyedEncodingContainer(
            JSONMembersEncoder<Key>(node: node, codingPath: codingPath, writesNulls: writesNulls))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .array = node.content {} else { node.content = .array([]) }
        return JSONElementsEncoder(node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        JSONSingleEncoder(node: node, codingPath: codingPath)
    }
}

private struct JSONMembersEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: JSONNode
    let codingPath: [any CodingKey]
    let writesNulls: Bool

    mutating func encodeNil(forKey key: Key) { node.member(key.stringValue, JSONNode()) }

    private func absent(_ key: Key) { if writesNulls { node.member(key.stringValue, JSONNode()) } }

    mutating func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) } else { absent(key) }
    }

    mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) } else { absent(key) }
    }

    mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) } else { absent(key) }
    }

    mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) } else { absent(key) }
    }

    mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) } else { absent(key) }
    }

    mutating func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) } else { absent(key) }
    }

    mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) } else { absent(key) }
    }

    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        node.member(key.stringValue, try .encoding(value))
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy keyType: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        nested(key).container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        nested(key).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { JSONNodeEncoder(node: node, codingPath: codingPath) }
    mutating func superEncoder(forKey key: Key) -> any Encoder { nested(key) }

    private func nested(_ key: Key) -> JSONNodeEncoder {
        let child = JSONNode()
        node.member(key.stringValue, child)
        return JSONNodeEncoder(node: child, codingPath: codingPath + [key])
    }
}

private struct JSONElementsEncoder: UnkeyedEncodingContainer {
    let node: JSONNode
    let codingPath: [any CodingKey]
    var count: Int { if case .array(let elements) = node.content { elements.count } else { 0 } }

    mutating func encodeNil() { node.element(JSONNode()) }
    mutating func encode<T: Encodable>(_ value: T) throws { node.element(try .encoding(value)) }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy keyType: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nested().container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nested().unkeyedContainer() }
    mutating func superEncoder() -> any Encoder { nested() }

    private func nested() -> JSONNodeEncoder {
        let child = JSONNode()
        node.element(child)
        return JSONNodeEncoder(node: child, codingPath: codingPath)
    }
}

private struct JSONSingleEncoder: SingleValueEncodingContainer {
    let node: JSONNode
    let codingPath: [any CodingKey]

    mutating func encodeNil() { node.content = .null }
    mutating func encode(_ value: Bool) { node.content = .bool(value) }
    mutating func encode(_ value: String) { node.content = .string(value) }
    mutating func encode(_ value: Double) { node.content = .double(value) }
    mutating func encode(_ value: Float) { node.content = .double(Double(value)) }
    mutating func encode(_ value: Int) { node.content = .integer(Int64(value)) }
    mutating func encode(_ value: Int8) { node.content = .integer(Int64(value)) }
    mutating func encode(_ value: Int16) { node.content = .integer(Int64(value)) }
    mutating func encode(_ value: Int32) { node.content = .integer(Int64(value)) }
    mutating func encode(_ value: Int64) { node.content = .integer(value) }
    mutating func encode(_ value: UInt) { node.content = .unsigned(UInt64(value)) }
    mutating func encode(_ value: UInt8) { node.content = .unsigned(UInt64(value)) }
    mutating func encode(_ value: UInt16) { node.content = .unsigned(UInt64(value)) }
    mutating func encode(_ value: UInt32) { node.content = .unsigned(UInt64(value)) }
    mutating func encode(_ value: UInt64) { node.content = .unsigned(value) }
    mutating func encode<T: Encodable>(_ value: T) throws { node.content = try JSONNode.encoding(value).content }
}
