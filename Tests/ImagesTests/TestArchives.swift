import Foundation
import Testing

/// Archives that no tool would write, made by python's tarfile from a few lines.
enum TestArchives {
    /// Runs a script in which `layer(name, *members)` and `image(path, layers, names)` are defined.
    static func make(_ script: String, in folder: String) throws {
        let prelude = """
            import hashlib, io, json, os, tarfile
            def member(name, kind=tarfile.REGTYPE, data=b'', link='', mode=0o644, uid=0, **more):
                info = tarfile.TarInfo(name)
                info.type, info.size, info.linkname, info.mode, info.uid = kind, len(data), link, mode, uid
                for key, value in more.items(): setattr(info, key, value)
                return info, data
            def layer(path, *members):
                with tarfile.open(path, 'w', format=tarfile.PAX_FORMAT) as archive:
                    for info, data in members: archive.addfile(info, io.BytesIO(data))
                return path
            def image(path, layers, names, lie=None):
                digests = [lie or hashlib.sha256(open(l, 'rb').read()).hexdigest() for l in layers]
                config = json.dumps({'architecture': 'amd64', 'os': 'linux', 'config': {'Cmd': ['sh'], 'Env': ['A=1']},
                    'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + d for d in digests]}}).encode()
                manifest = [{'Config': 'config.json', 'RepoTags': names, 'Layers': ['%d.tar' % i for i in range(len(layers))]}]
                with tarfile.open(path, 'w') as archive:
                    def add(name, data): archive.addfile(*(lambda m: (m[0], io.BytesIO(m[1])))(member(name, data=data)))
                    add('manifest.json', json.dumps(manifest).encode())
                    add('config.json', config)
                    for i, l in enumerate(layers): add('%d.tar' % i, open(l, 'rb').read())
            DIR, CHR, SYM, LNK = tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE

            """
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", prelude + script]
        process.currentDirectoryURL = URL(filePath: folder)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "the script that makes an archive failed")
    }

    /// A folder that is gone after `body`.
    static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/images-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        do { try await body(folder) } catch {
            try FileManager.default.removeItem(atPath: folder)
            throw error
        }
        try FileManager.default.removeItem(atPath: folder)
    }
}
