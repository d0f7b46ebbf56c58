import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// A request's body in a file of its own, removed with this value. A daemon that dies leaves it where the next one
/// sweeps.
final class Upload: Sendable {
    /// The file.
    let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Receives a body; while it is written no thread of others waits.
    static func receive(_ body: RequestBody, in folder: String) async throws -> Upload {
        var template = Array("\(folder)/upload-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw failure("create a file in \(folder)") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let upload = Upload(path: path, descriptor: descriptor)
        while let chunk = try await body.next() {
            try await NIOThreadPool.singleton.runIfActive { try upload.append(chunk) }
        }
        return upload
    }

    private func append(_ chunk: ByteBuffer) throws {
        try chunk.withUnsafeReadableBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { throw Upload.failure("write \(path)") }
                rest = rest.dropFirst(written)
            }
        }
    }

    private static func failure(_ operation: String) -> APIError {
        APIError(.internalServerError, "\(operation): \(String(cString: strerror(errno)))")
    }
}
