import OCI
import Testing

@testable import BulkheadCommands

struct TemplateTests {
    static let container = """
        {"Id":"abc","Name":"/web","State":{"Status":"running","Pid":12,"Health":null},
        "Config":{"Env":["A=1","B=2"],"Labels":{"app":"x","a.b":"y"},"Cmd":["sh","-c","true"]},
        "NetworkSettings":{"Networks":{"bridge":{"IPAddress":"10.0.0.2"},"other":{"IPAddress":"10.1.0.2"}},
        "Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}],"53/udp":null}}}
        """

    @Test(arguments: [
        ("{{.State.Status}} {{.State.Pid}}", "running 12"),
        ("{{json .Config.Cmd}}", #"["sh","-c","true"]"#),
        ("{{json .State}}", #"{"Health":null,"Pid":12,"Status":"running"}"#),
        ("{{range .Config.Env}}<{{.}}>{{end}}", "<A=1><B=2>"),
        ("{{range $i, $e := .Config.Env}}{{if $i}},{{end}}{{$e}}{{end}}", "A=1,B=2"),
        ("{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}", "10.0.0.2 10.1.0.2 "),
        (
            "{{range $p, $c := .NetworkSettings.Ports}}{{$p}}->{{if $c}}{{(index $c 0).HostPort}}{{else}}-{{end}} {{end}}",
            "53/udp->- 80/tcp->8080 "
        ),
        (#"{{index .Config.Labels "a.b"}}"#, "y"),
        (#"{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}"#, "8080"),
        ("{{.Config.Labels.missing}}", "<no value>"),
        ("{{if .State.Health}}healthy{{else if eq .State.Status \"running\"}}runs{{else}}no{{end}}", "runs"),
        ("{{with .State}}{{.Pid}}{{end}}", "12"),
        (#"{{join .Config.Cmd " "}}|{{.Config.Cmd | len}}|{{upper "a"}}|{{.Config.Env}}"#, "sh -c true|3|A|[A=1 B=2]"),
        (#"{{printf "%s-%-4v|%5d" .Id "x" 3}}"#, "abc-x   |    3"),
        ("a {{- .Id -}} b{{/* nothing */}}", "aabcb"),
        ("{{$x := .Id}}{{range .Config.Env}}{{$x}}{{$.Name}}{{end}}", "abc/webabc/web"),
        (#"{{slice .Id 1}} {{not true}} {{and .Id .Name}} {{split "a,b" ","}} {{"}}"}}"#, "bc false /web [a b] }}"),
    ])
    func renders(template: String, text: String) throws {
        let value = try JSON(parsing: TemplateTests.container)
        #expect(try Template(template).rendered(value) == text)
    }

    @Test(arguments: [
        ("{{.State.Statuz}}", "Statuz"), ("{{.Id", "}}"), ("{{frobnicate .Id}}", "frobnicate"), ("{{end}}", "{{end}}"),
        ("{{if .Id}}x", "{{if}}"), ("{{template \"x\"}}", "template"), ("{{(.Id}}", "(\""),
        ("{{.Id .Name}}", "arguments"),
        ("{{}}", "empty"), ("{{join .Id}}", "join"), ("{{printf \"%x\" .Id}}", "%x"), ("{{.Id.Foo}}", "Foo"),
        ("{{$y}}", "$y"), ("{{index .Config.Env 9}}", "9"),
    ])
    func namesWhatItDoesNotUnderstand(template: String, named: String) throws {
        let value = try JSON(parsing: TemplateTests.container)
        do {
            _ = try Template(template).rendered(value)
            Issue.record("no error")
        } catch {
            #expect("\(error)".contains(named))
        }
    }
}
