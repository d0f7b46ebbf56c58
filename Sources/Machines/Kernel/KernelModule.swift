/// A kernel module file, reduced to what loading it needs.
struct KernelModule {
    /// The file's content, reduced.
    let bytes: [UInt8]
    /// The names of the modules that it needs.
    let dependencies: [String]

    private static let signatureMark = Array("~Module signature appended~\n".utf8)

    /// Reads a module. Nil unless it is one.
    ///
    /// The signature and the type information (BTF) are left out: checking and parsing them is most of the time that
    /// loading takes in software emulation (280 ms of 450 ms for our seventeen). Both come from the package whose
    /// kernel the guest runs, and the initrd is made here, so that a signature in it protects from nobody.
    init?(_ file: [UInt8]) {
        guard var image = ELFImage(KernelModule.unsigned(file)) else { return nil }
        let sections = image.sections
        guard let information = sections.first(where: { $0.name == ".modinfo" }) else { return nil }
        let words = image.bytes[information.file].split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        let depends = words.first { $0.hasPrefix("depends=") }?.dropFirst("depends=".count) ?? ""
        dependencies = depends.split(separator: ",").map { KernelModule.name(String($0)) }
        for section in sections where section.name == ".BTF" { image.hide(section) }
        bytes = image.bytes
    }

    /// A module's name as the kernel has it: file names may have `-` for `_`.
    static func name(_ text: String) -> String { String(text.map { $0 == "-" ? "_" : $0 }) }

    /// Without the signature: behind the module stand the signature, 12 bytes about it (the last four: its length, with
    /// the most significant byte first), and the mark.
    private static func unsigned(_ file: [UInt8]) -> [UInt8] {
        let end = file.count - signatureMark.count
        guard end >= 12, file[end...].elementsEqual(signatureMark) else { return file }
        let length = file[end - 4..<end].reduce(0) { $0 << 8 | Int($1) }
        guard length <= end - 12 else { return file }
        return Array(file[..<(end - 12 - length)])
    }
}
