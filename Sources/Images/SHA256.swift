import CNettle
import OCI

/// SHA-256 in steps, by nettle, which libarchive brings along anyway.
struct SHA256 {
    private var context = sha256_ctx()

    init() { nettle_sha256_init(&context) }

    /// Adds bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
        nettle_sha256_update(&context, bytes.count, base)
    }

    /// The digest of all that was added; begins anew.
    mutating func finish() -> Digest {
        var result = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
        nettle_sha256_digest(&context, result.count, &result)
        // 32 bytes always make a digest; zero would never be looked up
        return Digest(bytes: result) ?? Digest.zero
    }

    /// Of some bytes.
    static func digest(of bytes: [UInt8]) -> Digest {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }
}
