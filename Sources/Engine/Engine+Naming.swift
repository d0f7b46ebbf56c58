extension Engine {
    /// The container of that name, identifier or unique beginning of an identifier.
    func find(_ name: String) throws(EngineError) -> ManagedContainer {
        let name = name.hasPrefix("/") ? String(name.dropFirst()) : name
        if let container = containers[name] { return container }
        if let id = names[name], let container = containers[id] { return container }
        var found: ManagedContainer?
        if !name.isEmpty {
            for (id, container) in containers where id.hasPrefix(name) {
                if found != nil {
                    throw EngineError(.invalid, "multiple IDs found with provided prefix: \(name)")
                }
                found = container
            }
        }
        guard let found else { throw .noSuchContainer(name) }
        return found
    }

    /// Checks a name that a client wants, or makes one up.
    func availableName(_ wanted: String?) throws(EngineError) -> String {
        guard var name = wanted, !name.isEmpty else { return NameGenerator.name { names[$0] != nil } }
        if name.hasPrefix("/") { name.removeFirst() }
        guard Identifier.isValidName(name) else {
            throw EngineError(
                .invalid, "Invalid container name (\(name)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        }
        if let owner = names[name] {
            throw EngineError(
                .conflict,
                "Conflict. The container name \"/\(name)\" is already in use by container \"\(owner)\". "
                    + "You have to remove (or rename) that container to be able to reuse that name.")
        }
        return name
    }
}
