/// A tar archive put together by hand, so that it can say what no honest program writes.
struct Tar {
    /// The type flags of POSIX's ustar format.
    enum Kind: Character {
        case file = "0"
        case hardLink = "1"
        case link = "2"
        case characterDevice = "3"
        case blockDevice = "4"
        case directory = "5"
        case pipe = "6"
        case extended = "x"
    }

    private(set) var bytes: [UInt8] = []

    /// Adds a member; `size` overrides what the header says of the content's length, `pax` adds extended records.
    mutating func add(
        _ name: String, _ kind: Kind = .file, _ content: [UInt8] = [], target: String = "", mode: Int = 0o644,
        user: Int = 0, group: Int = 0, modified: Int = 0, device: (Int, Int) = (0, 0), size: Int? = nil,
        pax: [(String, [UInt8])] = []
    ) {
        var records = pax
        if name.utf8.count > 100 { records.append(("path", Array(name.utf8))) }
        if target.utf8.count > 100 { records.append(("linkpath", Array(target.utf8))) }
        if !records.isEmpty {
            let body = records.flatMap(Tar.record)
            header("PaxHeaders/x", .extended, "", 0o644, 0, 0, 0, (0, 0), body.count)
            append(body)
        }
        header(name, kind, target, mode, user, group, modified, device, size ?? content.count)
        append(content)
    }

    /// A text file.
    mutating func add(_ name: String, text: String) { add(name, .file, Array(text.utf8)) }

    /// The archive with its end mark.
    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    private mutating func header(
        _ name: String, _ kind: Kind, _ target: String, _ mode: Int, _ user: Int, _ group: Int, _ modified: Int,
        _ device: (Int, Int), _ size: Int
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func set(_ offset: Int, _ text: String) {
            for (index, byte) in text.utf8.prefix(100).enumerated() { block[offset + index] = byte }
        }
        func number(_ offset: Int, _ width: Int, _ value: Int) {
            let digits = String(value, radix: 8)
            set(offset, String(repeating: "0", count: max(0, width - 1 - digits.count)) + digits)
        }
        set(0, name)
        number(100, 8, mode)
        number(108, 8, user)
        number(116, 8, group)
        number(124, 12, size)
        number(136, 12, modified)
        set(148, "        ")
        set(156, String(kind.rawValue))
        set(157, target)
        set(257, "ustar\u{0}00")
        number(329, 8, device.0)
        number(337, 8, device.1)
        number(148, 7, block.reduce(0) { $0 + Int($1) })
        block[154] = 0
        bytes += block
    }

    private mutating func append(_ content: [UInt8]) {
        bytes += content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// `LENGTH NAME=VALUE\n`, the length counting itself.
    private static func record(_ name: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(name)=".utf8) + value + [0x0A]
        var length = rest.count + 1
        while "\(length)".utf8.count + rest.count != length { length = "\(length)".utf8.count + rest.count }
        return Array("\(length)".utf8) + rest
    }
}
