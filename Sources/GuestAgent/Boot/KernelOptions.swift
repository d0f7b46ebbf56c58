/// What the machine's owner has said on the kernel's command line: words `bulkhead.NAME=VALUE`.
struct KernelOptions: Equatable {
    /// Where the image is, if there is one.
    enum Image {
        /// On the block device with the serial `image`.
        case disk
        /// In persistent memory, which the host shares among the machines of one image.
        case memory
    }

    var image: Image?
    /// Whether there is a block device with the serial `disk`.
    var disk = false
    /// Whether there is a virtiofs share with the tag `share`.
    var share = false
    /// Whether there is one with the tag `layers`.
    var layers = false

    /// Reads `/proc/cmdline`; what others have to say is passed over.
    init(commandLine: String) {
        for word in commandLine.split(whereSeparator: { $0.isWhitespace }) {
            switch word {
            case "bulkhead.image=1": image = .disk
            case "bulkhead.image=pmem": image = .memory
            case "bulkhead.disk=1": disk = true
            case "bulkhead.share=1": share = true
            case "bulkhead.layers=1": layers = true
            default: break
            }
        }
    }
}
