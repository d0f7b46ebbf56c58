internal import ArgumentParser
internal import OCI

/// `bulkhead tag`
struct Tag: DaemonCommand {
    static let configuration = CommandConfiguration(abstract: "Give an image a further name.")
    @ParentCommand var bulkhead: Bulkhead
    @Argument(help: "A name or identifier.") var image: String
    @Argument(help: "The further name.") var reference: String

    func perform(_ client: DaemonClient) throws {
        let (repository, tag) = Import.split(reference)
        try client.perform(
            Request(.post, "/images/\(image)/tag", query: [("repo", repository), ("tag", tag ?? "latest")]))
    }
}

/// `bulkhead rmi`
struct RemoveImage: DaemonCommand {
    static let configuration = CommandConfiguration(commandName: "rmi", abstract: "Remove images, or their names.")
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: ImageRemovalOptions

    func perform(_ client: DaemonClient) throws { try options.perform(client) }
}

/// Options of `rmi` and `image rm`.
struct ImageRemovalOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Even if stopped containers use it; no error where it is not there")
    var force = false
    @Flag(name: .customLong("no-prune"), help: "Keep parents without names") var keepParents = false
    @Argument(help: "Names or identifiers.") var images: [String]

    func perform(_ client: DaemonClient) throws {
        try client.forEach(images) { name throws(CommandError) in
            do throws(CommandError) {
                let removals = try client.document(
                    Request(
                        .delete, "/images/\(name)",
                        query: [("force", force ? "1" : nil), ("noprune", keepParents ? "1" : nil)]))
                for removal in removals.elements {
                    for (what, name) in removal.members { try StandardStream.output.line("\(what): \(name.text)") }
                }
            } catch .refused(404, let message) where force {
                try StandardStream.error.line("bulkhead: " + message)
            }
        }
    }
}
