internal import Linux

/// The configuration space of a file system device: virtio 1.2, section 5.11.4.
///
/// ```
/// byte 0 … tag, UTF-8, padded with zeros … 36  request queues, 32 bits  40
/// ```
struct FileSystemConfiguration: Equatable, Sendable {
    /// The bytes of it.
    let bytes: [UInt8]

    /// Bytes that a tag may have.
    static let longestTag = 36

    /// - Parameter tag: what the guest mounts by: 1 to 36 bytes of UTF-8, none of them zero.
    /// - Throws: ``SystemError`` with EINVAL for another tag.
    init(tag: String, requestQueues: UInt32) throws(SystemError) {
        let name = Array(tag.utf8)
        guard (1...FileSystemConfiguration.longestTag).contains(name.count), !name.contains(0) else {
            throw SystemError("share a folder by the tag", "\"\(tag)\", which must have 1 to 36 bytes", code: 22)
        }
        var bytes = name + [UInt8](repeating: 0, count: FileSystemConfiguration.longestTag - name.count)
        bytes.append(littleEndian: requestQueues)
        self.bytes = bytes
    }
}
