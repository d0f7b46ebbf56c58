import NIOHTTP1
import Testing

@testable import DockerAPI

@Suite struct RoutingTests {
    @Test(arguments: [
        ("/v1.51/containers/json", "1.51", "/containers/json"), ("/v1.24/info", "1.24", "/info"),
        ("/containers/json", "1.51", "/containers/json"), ("/volumes", "1.51", "/volumes"),
        ("/version", "1.51", "/version"),
    ])
    func versionIsTakenFromThePath(uri: String, version: String, rest: String) throws {
        var path = uri[...]
        #expect(try APIVersion.taken(from: &path).description == version)
        #expect(path == rest)
    }

    @Test func versionsThatAreNotServedAreRefused() {
        var old = "/v1.23/info"[...]
        #expect(
            throws: APIError(
                .badRequest,
                "client version 1.23 is too old. Minimum supported API version is 1.24, "
                    + "please upgrade your client to a newer version")
        ) { try APIVersion.taken(from: &old) }
        var new = "/v1.99/info"[...]
        #expect(
            throws: APIError(
                .badRequest, "client version 1.99 is too new. Maximum supported API version is 1.51")
        ) { try APIVersion.taken(from: &new) }
    }

    @Test(arguments: [
        (HTTPMethod.GET, "/images/localhost:5000/team/app:1/json", "localhost:5000/team/app:1"),
        (.GET, "/images/json", ""), (.DELETE, "/images/team/app", "team/app"),
        (.GET, "/containers//web/json", "web"), (.POST, "/containers/a%2Fb/start", "a/b"),
    ])
    func namesMayHaveSlashes(method: HTTPMethod, path: String, name: String) {
        #expect(router.find(method, path[...])?.name == name)
    }

    @Test func theRestIsNotFound() {
        #expect(router.find(.POST, "/images/json") == nil)
        #expect(router.find(.GET, "/images//json") == nil)
        #expect(router.find(.GET, "/nothing") == nil)
    }

    private let router = Router(routes: [
        Route(.GET, "/images/json") { _ in .written }, Route(.GET, "/images/{name}/json") { _ in .written },
        Route(.DELETE, "/images/{name}") { _ in .written },
        Route(.GET, "/containers/{name}/json") { _ in .written },
        Route(.POST, "/containers/{name}/start") { _ in .written },
    ])

    @Test func queryIsDecoded() throws {
        let query = Query("a=1&b=x%20y+z&c&d=&all=true&none=0&changes=1&changes=2&t=12.5&bad=x")
        #expect(query["a"] == "1")
        #expect(query["b"] == "x y z")
        #expect(query["c"] == "")
        #expect(query.flag("all") && !query.flag("none") && !query.flag("missing") && query.flag("m", default: true))
        #expect(query.all("changes") == ["1", "2"])
        #expect(try query.time("t") == 12_500_000_000)
        #expect(try query.number("a", as: Int.self) == 1)
        #expect(throws: APIError.self) { try query.number("bad", as: Int.self) }
        #expect(throws: APIError.self) { try query.time("bad") }
    }

    @Test func filtersComeInTwoShapes() throws {
        for text in [#"{"label":{"a=b":true},"name":{"x":true}}"#, #"{"label":["a=b"],"name":["x"]}"#] {
            let filters = try Filters(text, allowed: ["label", "name"])
            #expect(filters["label"] == ["a=b"])
            #expect(filters.matchesLabels(["a": "b", "c": "d"]))
            #expect(!filters.matchesLabels(["a": "c"]))
            #expect(try filters.patterns("name").allSatisfy { $0.matches("max") && !$0.matches("y") })
        }
    }

    @Test func unknownFilterIsRefused() {
        #expect(throws: APIError(.badRequest, "invalid filter 'foo'")) {
            try Filters(#"{"foo":["x"]}"#, allowed: ["label"])
        }
    }
}
