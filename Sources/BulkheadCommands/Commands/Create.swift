internal import ArgumentParser
internal import DockerModels
internal import Linux

/// `bulkhead create`
struct Create: StartsProcess {
    static let configuration = CommandConfiguration(
        abstract: "Make a container without starting it.",
        usage: "bulkhead create [<options>] <image> [<command> ...]",
        discussion: """
            EXAMPLES:
              bulkhead create --name db -v data:/data -p 5432:5432 box server
              bulkhead start db
            """,
        helpNames: .long)
    static let switches = Switches(names: CreateOptions.switches)

    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: CreateOptions

    func perform(_ client: DaemonClient) throws {
        let creation = try options.creation(environment: Environment.value, directory: Environment.directory)
        try StandardStream.output.line(try options.create(creation, client))
    }
}

extension CreateOptions {
    /// Makes the container and returns its identifier; warnings go to standard error.
    func create(_ creation: ContainerCreation, _ client: DaemonClient) throws(CommandError) -> String {
        if let path = container.identifierFile, Files.exists(path) {
            throw .usage(
                "the file \(path) of --cidfile exists already; remove it, or another container may still use it")
        }
        let body: [UInt8]
        do { body = try DockerJSON.encode(creation) } catch { throw .usage("\(error)") }
        let request = Request(
            .post, "/containers/create", query: [("name", container.name), ("platform", container.platform)],
            body: .json(body))
        let created: ContainerCreated
        do throws(CommandError) { created = try client.value(request) } catch {
            throw CreateOptions.advise(error, image: creation.config.image ?? "")
        }
        try StandardStream.warn(created.warnings)
        if let path = container.identifierFile {
            do { try Files.write(path, Array(created.id.utf8)) } catch {
                throw .file(operation: "write", path: path, reason: error.reason)
            }
        }
        return created.id
    }

    private static func advise(_ error: CommandError, image: String) -> CommandError {
        guard case .refused(404, let message) = error, message.hasPrefix("No such image") else { return error }
        return .refused(
            status: 404, message: "\(message); see bulkhead images, or load one with `bulkhead load -i FILE`")
    }
}
