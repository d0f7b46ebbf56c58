import OCI
import Testing

/// Documents that nobody would write: none of them may end the process, or be understood as something else than what
/// was said. The seeds are fixed: what has failed once fails again.
@Suite("config.json: fuzzed")
struct ConfigurationFuzzTests {
    /// xorshift64*.
    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 0x2545_F491_4F6C_DD1D
        }
    }

    private static let document = #"""
        {"ociVersion": "1.2.0", "hostname": "h", "root": {"path": "rootfs", "readonly": true},
         "process": {"terminal": false, "cwd": "/", "user": {"uid": 1, "gid": 2, "umask": 18, "additionalGids": [5]},
          "args": ["sh", "\u00e9\ud83d\ude00"], "env": ["A=b"], "oomScoreAdj": -100, "noNewPrivileges": true,
          "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 18446744073709551615}],
          "capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"]}},
         "mounts": [{"destination": "/proc", "type": "proc", "source": "proc", "options": ["ro", "nosuid"]},
          {"destination": "/d", "source": "/s", "options": ["rbind", "ridmap"],
           "uidMappings": [{"containerID": 0, "hostID": 1, "size": 2}],
           "gidMappings": [{"containerID": 0, "hostID": 1, "size": 2}]}],
         "hooks": {"prestart": [{"path": "/a", "args": ["b"], "env": ["c=d"], "timeout": 9}],
          "poststop": [{"path": "/e"}]},
         "annotations": {"a.b": "c"},
         "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}], "sysctl": {"net.ipv4.ip_forward": "1"},
          "netDevices": {"eth0": {"name": "in%d"}, "eth1": {}}, "mountLabel": "a:b:c", "rootfsPropagation": "slave",
          "intelRdt": {"closID": "a", "l3CacheSchema": "L3:0=f", "schemata": ["MB:0=1"], "enableMonitoring": true},
          "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0,2", "flags": ["MPOL_F_STATIC_NODES"]},
          "personality": {"domain": "LINUX32"}, "timeOffsets": {"monotonic": {"secs": 1, "nanosecs": 2}},
          "devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438}],
          "resources": {"memory": {"limit": 1e9, "swap": -1}, "cpu": {"shares": 1024, "quota": -1, "period": 100000},
           "pids": {"limit": 32771}, "devices": [{"allow": false, "access": "rwm"}]},
          "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getcwd"], "action": "SCMP_ACT_ERRNO",
           "errnoRet": 1, "args": [{"index": 0, "value": 1, "valueTwo": 0, "op": "SCMP_CMP_EQ"}]}]}}}
        """#

    /// Bytes that mean something, and some that are no UTF-8.
    private static let interesting: [[UInt8]] = [
        [0], [0x22], [0x5C], [0x7B], [0x7D], [0x5B], [0x5D], [0x2C], [0x3A], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80],
        [0xF4, 0x90, 0x80, 0x80], Array("\\ud800".utf8), Array("\\u0000".utf8), Array("-".utf8), Array("1e999".utf8),
        Array("99999999999999999999999999".utf8), Array("-9223372036854775809".utf8), Array("null".utf8),
        Array("\"a\":1,\"a\":2".utf8), Array("[[[[[[[[".utf8), [0xEF, 0xBB, 0xBF],
    ]

    private static func mutate(_ bytes: inout [UInt8], _ random: inout Generator) {
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, place + Int.random(in: 1...12, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 3: bytes.insert(contentsOf: interesting.randomElement(using: &random) ?? [], at: place)
            case 4: bytes.replaceSubrange(place..<end, with: interesting.randomElement(using: &random) ?? [])
            default: bytes.removeLast(bytes.count - place)
            }
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>) func bytes(_ seed: UInt64) {
        var random = Generator(state: seed &* 0x9E37_79B9_7F4A_7C15)
        var understood = 0
        for _ in 0..<5000 {
            var bytes = Array(Self.document.utf8)
            Self.mutate(&bytes, &random)
            guard let document = try? JSON(parsing: bytes) else { continue }
            // What can be read is written so that it reads as the same.
            #expect((try? JSON(parsing: document.encoded)) == document)
            guard let specification = try? RuntimeSpecification(json: document) else { continue }
            understood += 1
            #expect((try? RuntimeSpecification(json: specification.json)) == specification)
        }
        #expect(understood > 50, "hardly anything was understood: nothing but the parser was tried")
    }

    /// Every value of the document, one after the other, is replaced by every kind of value.
    @Test func everyValueByEveryOtherKind() throws {
        let document = try JSON(parsing: Self.document)
        let others: [JSON] = [
            .null, true, -1, .integer(.min), .integer(.max), .unsigned(.max), .double(1e308), .double(-0.5), "",
            "\u{0}",
            .string(String(repeating: "x", count: 100_000)), "../../..", [], .array([.null]), .object([:]),
            .object(["": .null]), .array(Array(repeating: 1, count: 10_000)),
        ]
        var (refused, read) = (0, 0)
        for place in 0..<Self.count(document) {
            for other in others {
                var number = place
                let changed = Self.replacing(document, &number, with: other)
                do {
                    let specification = try RuntimeSpecification(json: changed)
                    #expect((try? RuntimeSpecification(json: specification.json)) == specification)
                    read += 1
                } catch {
                    #expect(!error.path.isEmpty && !error.problem.isEmpty)
                    refused += 1
                }
            }
        }
        #expect(refused > 500 && read > 100, "\(refused) \(read)")
    }

    private static func count(_ json: JSON) -> Int {
        switch json {
        case .array(let elements): elements.reduce(1) { $0 + count($1) }
        case .object(let members): members.values.reduce(1) { $0 + count($1) }
        default: 1
        }
    }

    /// `number` counts down to the value that is replaced, members in the order of their names.
    private static func replacing(_ json: JSON, _ number: inout Int, with other: JSON) -> JSON {
        defer { number -= 1 }
        guard number != 0 else { return other }
        switch json {
        case .array(let elements):
            number -= 1
            defer { number += 1 }
            return .array(elements.map { replacing($0, &number, with: other) })
        case .object(let members):
            number -= 1
            defer { number += 1 }
            var changed: [String: JSON] = [:]
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                changed[name] = replacing(member, &number, with: other)
            }
            return .object(changed)
        default: return json
        }
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":["]) func nestingHasAnEnd(_ text: String) {
        for depth in [100, 127, 128, 129, 10_000, 1_000_000] {
            #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: text, count: depth)) }
        }
        #expect(throws: Never.self) {
            try JSON(parsing: String(repeating: "[", count: 100) + String(repeating: "]", count: 100))
        }
    }

    @Test(arguments: [
        "1e400", "-1e400", "1e", "1.", ".5", "+1", "0x10", "00", "-", "--1", "1-1", "1e+", "NaN", "Infinity", "1_000",
    ])
    func noNumbers(_ text: String) { #expect(throws: JSONError.self) { try JSON(parsing: text) } }

    @Test func numbersOfEverySizeAreKeptOrRefused() throws {
        #expect(try JSON(parsing: "18446744073709551615") == .unsigned(.max))
        #expect(try JSON(parsing: "-9223372036854775808") == .integer(.min))
        // Beyond 64 bits there is no whole number: what wants one says so.
        for text in ["18446744073709551616", "1e30", "1.5", "-1"] {
            let document = #"{"ociVersion": "1.0.0", "process": {"cwd": "/", "user": {"uid": \#(text), "gid": 0}}}"#
            #expect(throws: JSONError.self) { try RuntimeSpecification(parsing: Array(document.utf8)) }
        }
    }

    /// RFC 8259 leaves it open; here, as in Go, the last one counts, so that whoever has looked at a document with the
    /// same eyes as runc has seen what we do.
    @Test func ofTwoMembersOfOneNameTheLastCounts() throws {
        let document = #"{"ociVersion": "1.0.0", "hostname": "a", "hostname": "b"}"#
        #expect(try RuntimeSpecification(parsing: Array(document.utf8)).hostname == "b")
    }

    @Test(arguments: [
        [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xEF, 0xBB, 0xBF, 0x31],
    ])
    func noText(_ bytes: [UInt8]) { #expect(throws: JSONError.self) { try JSON(parsing: bytes) } }
}
