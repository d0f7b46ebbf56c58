internal import Linux
internal import OCI

/// What is to be known of a saved container besides what criu writes: `bulkhead.json` beside the images.
struct CheckpointRecord: Equatable {
    var streams: [ExternalStream] = []
    var mounts: [ExternalMount] = []

    /// The file's name.
    static let name = "bulkhead.json"

    private var json: JSON {
        ["streams": .array(streams.map { $0.json }), "mounts": .array(mounts.map { $0.json })]
    }

    init() {}

    /// From the document.
    init(parsing bytes: [UInt8]) throws(JSONError) {
        let document = JSONField(try JSON(parsing: bytes))
        streams = try document.list("streams") { field throws(JSONError) in try ExternalStream(field) }
        mounts = try document.list("mounts") { field throws(JSONError) in try ExternalMount(field) }
    }

    /// From a directory with images.
    init(in directory: String) throws(RuntimeError) {
        let path = "\(directory)/\(CheckpointRecord.name)"
        let bytes: [UInt8]
        do { bytes = try Files.read(path) } catch {
            throw .failed("\(directory) has no checkpoint that bulkhead-runtime has made: \(error)")
        }
        do { try self.init(parsing: bytes) } catch { throw .failed("\(path) is damaged: \(error)") }
    }

    /// The document.
    var encoded: [UInt8] { json.encoded }

    /// Writes it to such a directory.
    func write(to directory: String) throws(RuntimeError) {
        try step("write what belongs to the images") { () throws(SystemError) in
            try Files.write("\(directory)/\(CheckpointRecord.name)", encoded, mode: 0o600)
        }
    }
}
