import ContainerRuntime
import Linux
import OCI

/// A directory with a config.json.
struct Bundle {
    let path: String
    /// The document as it stands there.
    let configuration: [UInt8]
    let specification: RuntimeSpecification

    init(_ path: String) throws {
        self.path = path.hasPrefix("/") ? path : "\(try currentDirectory())/\(path)"
        do {
            configuration = try Files.read("\(self.path)/config.json")
        } catch {
            throw UsageError("\(self.path) is no bundle: \(error)")
        }
        var specification: RuntimeSpecification
        do { specification = try RuntimeSpecification(parsing: configuration) } catch {
            throw UsageError("\(self.path)/config.json: \(error)")
        }
        // Paths may be relative to the bundle.
        for index in specification.mounts.indices {
            guard let source = specification.mounts[index].source, !source.hasPrefix("/") else { continue }
            let options = specification.mounts[index].options
            guard specification.mounts[index].type == "bind" || options.contains("bind") || options.contains("rbind")
            else { continue }
            specification.mounts[index].source = "\(self.path)/\(source)"
        }
        self.specification = specification
    }

    /// What is to be made of it.
    func blueprint(id: String, store: StateStore) throws -> ContainerBlueprint {
        guard let root = specification.root?.path else {
            throw UsageError("\(path)/config.json: root.path: is missing")
        }
        let filter = try FilterCache(root: store.root).filter(for: specification)
        var blueprint = ContainerBlueprint(
            id: id, specification: specification, root: .directory(root.hasPrefix("/") ? root : "\(path)/\(root)"),
            seccompFilter: filter)
        blueprint.bundle = path
        return blueprint
    }
}
