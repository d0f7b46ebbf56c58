internal import CNftables

/// The host's packet filter through libnftables: every text is one transaction.
///
/// A context is not for several threads: it belongs to the network that made it.
final class PacketFilter {
    private let context: OpaquePointer

    init() throws(NetworkError) {
        guard let context = nft_ctx_new(UInt32(NFT_CTX_DEFAULT)) else {
            throw NetworkError(.failed, "packet filter: no memory")
        }
        self.context = context
        // Otherwise both go to the daemon's own streams.
        guard nft_ctx_buffer_error(context) == 0, nft_ctx_buffer_output(context) == 0 else {
            nft_ctx_free(context)
            throw NetworkError(.failed, "packet filter: no memory")
        }
    }

    deinit { nft_ctx_free(context) }

    /// Carries out all of the text or nothing of it.
    func run(_ text: String) throws(NetworkError) {
        guard nft_run_cmd_from_buffer(context, text) == 0 else {
            let buffer = nft_ctx_get_error_buffer(context).map { String(cString: $0) } ?? ""
            let first = buffer.split(separator: "\n").first.map(String.init) ?? "refused"
            throw NetworkError(.failed, "packet filter: \(first)")
        }
    }
}
