/// How output is written to a client.
enum StreamFormat: Sendable, Equatable {
    /// As it is: of a terminal.
    case raw
    /// In frames that tell standard output from standard error:
    /// ```
    /// +--------+--------+--------+--------+-------------------+--------
    /// | stream |   0        0        0    |  length (u32 BE)  | bytes …
    /// +--------+--------+--------+--------+-------------------+--------
    /// ```
    case multiplexed

    init(terminal: Bool) { self = terminal ? .raw : .multiplexed }

    /// The type that clients are told, by the version of the API that they speak.
    func contentType(_ version: APIVersion) -> String {
        self == .multiplexed && version >= APIVersion(major: 1, minor: 42)
            ? "application/vnd.docker.multiplexed-stream" : "application/vnd.docker.raw-stream"
    }

    /// What stands before the bytes of a stream (1: standard output, 2: standard error).
    static func header(stream: UInt8, length: Int) -> [UInt8] {
        let length = UInt32(truncatingIfNeeded: length)
        return [
            stream, 0, 0, 0, UInt8(truncatingIfNeeded: length >> 24), UInt8(truncatingIfNeeded: length >> 16),
            UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length),
        ]
    }
}
