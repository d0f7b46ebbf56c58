import OCI
import Testing

@testable import BulkheadCommands

struct OutputTests {
    static var listing: Listing {
        var listing = Listing(
            columns: [.init("CONTAINER ID", "ID"), .init("COMMAND", "Command"), .init("NAMES", "Names")],
            identifier: "ID")
        listing.rows = [
            .object(["ID": "0123456789ab", "Command": "\"a very long command indeed\"", "Names": "web"]),
            .object(["ID": "ba9876543210", "Command": "\"sh\"", "Names": "database_of_names"]),
        ]
        return listing
    }

    @Test func tableIsPaddedAsDockersIs() throws {
        let lines = try OutputTests.listing.rendered(.table, columns: nil).split(separator: "\n")
        #expect(lines[0] == "CONTAINER ID   COMMAND                        NAMES")
        #expect(lines[2] == "ba9876543210   \"sh\"                           database_of_names")
    }

    @Test(arguments: [40, 50, 60])
    func tableFitsTheTerminal(columns: Int) throws {
        let lines = try OutputTests.listing.rendered(.table, columns: columns).split(separator: "\n")
        #expect(lines.allSatisfy { Table.width(String($0)) <= columns })
        #expect(lines[1].contains("…"))
    }

    @Test func tableNeverVanishes() throws {
        let lines = try OutputTests.listing.rendered(.table, columns: 5).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].hasPrefix("0123456…"))
    }

    @Test func wideCharactersTakeTwoColumns() {
        #expect(Table.width("日本") == 4)
        #expect(Table.shortened("日本語", to: 4) == "日…")
        #expect(Table.shortened("abcd", to: 4) == "abcd")
    }

    @Test func formats() throws {
        let listing = OutputTests.listing
        #expect(
            try listing.rendered(OutputFormat(format: nil, quiet: true), columns: 80) == "0123456789ab\nba9876543210\n")
        #expect(
            try listing.rendered(OutputFormat(format: "{{.ID}}\\t{{.Names}}", quiet: false), columns: nil)
                == "0123456789ab\tweb\nba9876543210\tdatabase_of_names\n")
        #expect(
            try listing.rendered(OutputFormat(format: "table {{.Names}}\\t{{.ID}}", quiet: false), columns: nil)
                == "NAMES               CONTAINER ID\nweb                 0123456789ab\ndatabase_of_names   ba9876543210\n"
        )
        #expect(
            try listing.rendered(OutputFormat(format: "json", quiet: false), columns: nil).split(separator: "\n").last
                == #"{"Command":"\"sh\"","ID":"ba9876543210","Names":"database_of_names"}"#)
    }

    @Test func aFieldThatIsNotThereIsNamed() throws {
        let format = try OutputFormat(format: "{{.Nmaes}}", quiet: false)
        #expect(throws: CommandError.self) { try OutputTests.listing.rendered(format, columns: nil) }
    }

    @Test func sizes() {
        #expect(Amounts.decimalSize(0) == "0B")
        #expect(Amounts.decimalSize(1_234_567) == "1.23MB")
        #expect(Amounts.decimalSize(4_500_000) == "4.5MB")
        #expect(Amounts.decimalSize(123_456) == "123kB")
        #expect(Amounts.binarySize(536_870_912) == "512MiB")
        #expect(Amounts.binarySize(1_289_748) == "1.23MiB")
        #expect(Amounts.fixed(0.126, decimals: 2) == "0.13")
        #expect(Amounts.fixed(1.0, decimals: 2) == "1.00")
    }

    @Test func durations() {
        #expect(Amounts.duration(seconds: 0) == "Less than a second")
        #expect(Amounts.duration(seconds: 59) == "59 seconds")
        #expect(Amounts.duration(seconds: 90) == "About a minute")
        #expect(Amounts.duration(seconds: 3600) == "About an hour")
        #expect(Amounts.duration(seconds: 86400 * 3) == "3 days")
    }

    @Test func timestamps() throws {
        #expect(Amounts.parse(timestamp: "1970-01-02T00:00:00Z") == 86400)
        #expect(Amounts.parse(timestamp: "2026-11-23T08:10:00.123456789+01:00") == 1_795_417_800)
        #expect(Amounts.parse(timestamp: "yesterday") == nil)
        #expect(try PointInTime.parse("1h30m", now: 10_000) == "4600")
        #expect(try PointInTime.parse("1970-01-02", now: 0) == "86400")
        #expect(try PointInTime.parse("12.5", now: 0) == "12.5")
        #expect(throws: CommandError.self) { try PointInTime.parse("soon", now: 0) }
    }

    @Test func jsonKeepsItsOrder() {
        let text = #"{"b":[],"a":{"x":1,"y":"}{\"["},"c":[1,2]}"#
        let expected = """
            {
                "b": [],
                "a": {
                    "x": 1,
                    "y": "}{\\"["
                },
                "c": [
                    1,
                    2
                ]
            }
            """
        #expect(JSONLayout.indented(Array(text.utf8)) == expected)
    }

    @Test func rowsOfContainers() throws {
        let summary = try JSON(
            parsing: """
                {"Id":"0123456789abcdef","Names":["/web"],"Image":"box","Command":"httpd -f -h /srv/www/html","Created":100,
                "Status":"Up 2 seconds","State":"running","Labels":{"a":"b"},"Mounts":[],
                "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":53,"Type":"udp"}],
                "NetworkSettings":{"Networks":{"bridge":{}}}}
                """)
        let row = ContainerRow.row(summary, whole: false, now: 103)
        #expect(row["ID"].text == "0123456789ab")
        #expect(row["Command"].text == "\"httpd -f -h /srv/ww…\"")
        #expect(row["Ports"].text == "53/udp, 0.0.0.0:8080->80/tcp")
        #expect(row["RunningFor"].text == "3 seconds ago")
        #expect(ContainerRow.row(summary, whole: true, now: 103)["ID"].text == "0123456789abcdef")
    }
}
