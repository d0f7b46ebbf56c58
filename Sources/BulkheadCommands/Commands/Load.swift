internal import ArgumentParser
internal import DockerModels
internal import Glibc
internal import Linux
internal import OCI

/// `bulkhead load`
struct Load: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load images from an archive that `docker save` or an OCI tool has written.",
        discussion: """
            EXAMPLES:
              bulkhead load -i box.tar
              docker save box | bulkhead load
            """)
    @ParentCommand var bulkhead: Bulkhead
    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: ArgumentHelp("The archive (default: standard input)", valueName: "file"))
    var input: String?
    @Flag(name: .shortAndLong, help: "Show only what was loaded, not how far it is") var quiet = false

    func perform(_ client: DaemonClient) throws {
        let archive = try Archive(input)
        let stream = try client.upload(
            Request(
                .post, "/images/load", query: [("quiet", quiet ? "1" : "0")],
                body: .stream(type: "application/x-tar"))
        ) { () throws(CommandError) in try archive.next() }
        while let message = try stream.progress() {
            if let text = message.stream { try StandardStream.output.write(text) }
        }
    }
}

/// `bulkhead import`
struct Import: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an image of one layer from an archive of a file system.",
        discussion: """
            EXAMPLES:
              bulkhead import rootfs.tar box:latest
              tar -C rootfs -c . | bulkhead import -c 'CMD ["sh"]' - box
            """)
    @ParentCommand var bulkhead: Bulkhead
    @Option(
        name: .shortAndLong, parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Apply an instruction of a Dockerfile", valueName: "instruction"))
    var change: [String] = []
    @Option(name: .shortAndLong, parsing: .unconditional, help: "The message in its history") var message: String?
    @Option(
        parsing: .unconditional, help: ArgumentHelp("The platform, as linux/amd64", valueName: "os/arch"))
    var platform: String?
    @Argument(help: "The archive; - for standard input.") var file: String
    @Argument(help: "The name of the image.") var reference: String?

    func perform(_ client: DaemonClient) throws {
        guard !file.contains("://") else {
            throw CommandError.usage("import takes a file or -, not an address; fetch it first")
        }
        let archive = try Archive(file == "-" ? nil : file)
        let (repository, tag) = Import.split(reference ?? "")
        let query: [(String, String?)] =
            [
                ("fromSrc", "-"), ("repo", repository.isEmpty ? nil : repository), ("tag", tag), ("message", message),
                ("platform", platform),
            ] + change.map { ("changes", $0) }
        let stream = try client.upload(
            Request(.post, "/images/create", query: query, body: .stream(type: "application/x-tar"))
        ) { () throws(CommandError) in try archive.next() }
        while let message = try stream.progress() {
            if let text = message.status ?? message.stream { try StandardStream.output.line(text) }
        }
    }

    /// A port of the registry is no tag.
    static func split(_ reference: String) -> (repository: String, tag: String?) {
        guard let colon = reference.lastIndex(of: ":"), !reference[colon...].contains("/") else {
            return (reference, nil)
        }
        return (String(reference[..<colon]), String(reference[reference.index(after: colon)...]))
    }
}

/// An archive that is sent to the daemon piece by piece.
final class Archive {
    private let file: Descriptor
    private let path: String

    /// A file, or standard input.
    init(_ path: String?) throws(CommandError) {
        self.path = path ?? "standard input"
        guard let path else {
            if Terminal.isTerminal(STDIN_FILENO) {
                throw .usage("standard input is a terminal; name a file, or send an archive through a pipe")
            }
            do { file = try Descriptor.duplicating(STDIN_FILENO) } catch {
                throw .file(operation: "read", path: self.path, reason: error.reason)
            }
            return
        }
        do { file = try Descriptor.open(path) } catch {
            throw .file(operation: "open", path: path, reason: error.reason)
        }
    }

    /// The next piece; nil at the end.
    func next() throws(CommandError) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = read(file.rawValue, &buffer, buffer.count)
            if count > 0 { return Array(buffer[..<count]) }
            if count == 0 { return nil }
            if errno != EINTR { throw .file(operation: "read", path: path, reason: SystemError.last("read").reason) }
        }
    }
}
