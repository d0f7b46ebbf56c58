import ContainerRuntime
import Linux
import OCI

/// A directory with a config.json.
struct Bundle {
    let path: String
    /// The document as it stands there.
    let configuration: [UInt8]
    let specification: RuntimeSpecification

    init(_ path: String) throws(CommandError) {
        let absolute = path.hasPrefix("/") ? path : "\(try kernel(currentDirectory()))/\(path)"
        self.path = Files.absolute(Files.names(in: absolute))
        let text: [UInt8]
        do {
            text = try Files.read("\(self.path)/config.json")
        } catch {
            throw .usage("\(self.path) is no bundle: \(error)")
        }
        configuration = text
        specification = try Bundle.specification(text, in: self.path)
    }

    /// The one that a container was made from, with its configuration as it was then.
    init(of record: ContainerRecord, _ store: StateStore) throws(CommandError) {
        path = record.bundle
        configuration = try kernel(Files.read(store.configuration(record.id)))
        specification = try Bundle.specification(configuration, in: path)
    }

    private static func specification(
        _ configuration: [UInt8], in path: String
    ) throws(CommandError) -> RuntimeSpecification {
        var specification: RuntimeSpecification
        do { specification = try RuntimeSpecification(parsing: configuration) } catch {
            throw .usage("\(path)/config.json: \(error)")
        }
        // Paths may be relative to the bundle.
        for index in specification.mounts.indices {
            guard let source = specification.mounts[index].source, !source.hasPrefix("/") else { continue }
            let options = specification.mounts[index].options
            guard specification.mounts[index].type == "bind" || options.contains("bind") || options.contains("rbind")
            else { continue }
            specification.mounts[index].source = "\(path)/\(source)"
        }
        return specification
    }

    /// The root filesystem's directory.
    var root: String {
        guard let root = specification.root?.path else { return "" }
        return root.hasPrefix("/") ? root : "\(path)/\(root)"
    }

    /// What is to be made of it.
    func blueprint(id: String, store: StateStore) throws(CommandError) -> ContainerBlueprint {
        guard specification.root != nil else { throw .usage("\(path)/config.json: root.path: is missing") }
        guard specification.process != nil else { throw .usage("\(path)/config.json: process: is missing") }
        guard Files.isDirectory(root) else {
            throw .usage("\(path)/config.json: root.path: \(root) is no directory")
        }
        let filter = try FilterCache(root: store.root).filter(for: specification)
        var blueprint = ContainerBlueprint(
            id: id, specification: specification, root: .directory(root), seccompFilter: filter)
        blueprint.bundle = path
        return blueprint
    }
}
