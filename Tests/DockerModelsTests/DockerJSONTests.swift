import DockerModels
import OCI
import Testing

/// Reading and writing as Go's clients and servers do it.
@Suite struct DockerJSONTests {
    @Test func namesMatchWithoutRegardToCase() throws {
        let text = #"{"image":"busybox","CMD":["true"],"hostconfig":{"memory":5,"NETWORKMODE":"host"}}"#
        let creation = try DockerJSON.decode(ContainerCreation.self, from: Array(text.utf8))
        #expect(creation.config.image == "busybox")
        #expect(creation.config.cmd == ["true"])
        #expect(creation.hostConfig?.memory == 5)
        #expect(creation.hostConfig?.networkMode == "host")
    }

    @Test func unknownMembersAreIgnoredAndNullIsAbsent() throws {
        let text = #"{"Image":"x","Surprise":{"a":[1]},"Env":null,"HostConfig":{"Binds":null}}"#
        let creation = try DockerJSON.decode(ContainerCreation.self, from: Array(text.utf8))
        #expect(creation.config.env == nil)
        #expect(creation.hostConfig?.binds == nil)
    }

    @Test func commandMayBeOneString() throws {
        let creation = try DockerJSON.decode(
            ContainerCreation.self, from: Array(#"{"Image":"x","Cmd":"true","Entrypoint":""}"#.utf8))
        #expect(creation.config.cmd == ["true"])
        #expect(creation.config.entrypoint == [""])
    }

    @Test(arguments: [
        (#"{"HostConfig":{"Memory":"1g"}}"#, "HostConfig.Memory"),
        (
            #"{"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":80}]}}}"#,
            "HostConfig.PortBindings.80/tcp.[0].HostPort"
        ),
        (#"{"Env":["a",1]}"#, "Env.[1]"),
        (#"{"Image":}"#, "byte 9"),
    ])
    func errorNamesTheMember(text: String, path: String) {
        let error = #expect(throws: JSONError.self) {
            try DockerJSON.decode(ContainerCreation.self, from: Array(text.utf8))
        }
        #expect(error?.path == path)
    }

    @Test func absentMembersOfAConfigurationAreWrittenAsNull() throws {
        var config = ContainerConfig()
        config.image = "x"
        let text = String(decoding: try DockerJSON.encode(config), as: UTF8.self)
        #expect(text.hasPrefix(#"{"Hostname":null,"#) || text.contains(#""Hostname":null"#))
        #expect(text.contains(#""Image":"x""#))
    }

    @Test func absentMembersOfOtherValuesAreLeftOut() throws {
        let text = String(decoding: try DockerJSON.encode(ProgressMessage(stream: "a\n")), as: UTF8.self)
        #expect(text == #"{"stream":"a\n"}"#)
    }

    @Test func documentsInsideOfValuesStayAsTheyAre() throws {
        let text = #"{"HostConfig":{"DeviceRequests":[{"Count":-1,"Capabilities":[["gpu"]]}]}}"#
        let creation = try DockerJSON.decode(ContainerCreation.self, from: Array(text.utf8))
        let again = try DockerJSON.decode(ContainerCreation.self, from: try DockerJSON.encode(creation))
        #expect(again == creation)
        #expect(again.hostConfig?.deviceRequests?.first == .object(["Count": -1, "Capabilities": [["gpu"]]]))
    }

    @Test func creationSurvivesItsOwnText() throws {
        var host = HostConfig()
        host.portBindings = ["80/tcp": [PortBinding(hostIP: "", hostPort: "8080")], "81/tcp": nil]
        host.ulimits = [UlimitConfig(name: "nofile", soft: -1, hard: 100)]
        var config = ContainerConfig()
        config.image = "x"
        config.labels = ["a": "ü\"\\\u{1}"]
        let creation = ContainerCreation(config: config, hostConfig: host)
        #expect(try DockerJSON.decode(ContainerCreation.self, from: try DockerJSON.encode(creation)) == creation)
    }
}
