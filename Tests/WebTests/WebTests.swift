import Air
import Foundation
import Geodesy
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import SensorFormats
import ServiceLifecycle
import Storage
import Synchronization
import Testing

@testable import Node
@testable import Web

let noon = Timestamp(seconds: 1_795_262_400)

/// A node as the server sees it, with what a test puts in.
final class StillNode: NodeView {
    let info = NodeInfo(
        name: "Still \"Node\"", nation: Nation("jp"), realm: .exercise("edge"), version: "9.9.9", startedAt: noon)
    let picture = Picture()
    let now = noon
    let sensors: [SensorHealth]
    let metrics: [Metric] = [
        Metric("kumiko_things_total", .counter, 3, help: "Things.", labels: [("feed", "a \"b\"\\c\nd")]),
        Metric("kumiko_level", .gauge, 0.5, help: "A level."),
        Metric("kumiko_things_total", .counter, 4, help: "Things.", labels: [("feed", "e")]),
    ]
    let history: TrackHistory?
    private let troubleNow = Mutex<String?>(nil)

    init(history: TrackHistory? = nil, release: ReleaseDesk? = nil) {
        self.history = history
        self.release = release
        self.sensors = [
            SensorHealth(
                id: SensorID(sac: 20, sic: 129), name: "Tower", kind: .radar(period: 4),
                site: Geodetic(latitudeDegrees: 35.5, longitudeDegrees: 139.75, height: 40), rangeMax: 111_120,
                state: .operational, lastReportAt: noon, plotsPerSecond: 12.5, plots: 99),
            SensorHealth(
                id: SensorID(sac: 20, sic: 130), name: "Hill", kind: .receiver, site: nil, rangeMax: nil,
                state: .unknown, lastReportAt: nil, plotsPerSecond: 0, plots: 0,
                registration: SensorRegistration(
                    state: .quarantined, since: noon, range: nil, azimuth: nil, elevation: nil,
                    time: SensorRegistration.Estimate(value: -0.0412, deviation: 0.003), gain: nil, stretches: 17,
                    jumps: 1, isApplied: true)),
        ]
    }

    let release: ReleaseDesk?

    func writeAircraft(ofFeed feed: String?, to json: inout JSONWriter) -> Bool { false }

    var trouble: String? { self.troubleNow.withLock { $0 } }
    var federation: LatticeStatus? { nil }
    var origins: OriginBook? { nil }
    func shown(to nation: Nation) -> ShownBook? { nil }
    func ownTrack(behind id: TrackID) -> Track? { self.picture.track(id) }
    func fail(_ sentence: String) { self.troubleNow.withLock { $0 = sentence } }
}

func track(
    _ id: UInt32, latitude: Double = 35.5, longitude: Double = 139.75, status: Track.Status = .confirmed,
    callsign: String? = nil, address: UInt32? = nil, code: UInt16? = nil, level: Double? = nil
) -> Track {
    var track = Track(
        id: TrackID(id), status: status, measuredAt: noon.advanced(by: -2), receivedAt: noon.advanced(by: -1.5),
        position: Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude, height: 10_668.04))
    track.velocity = EastNorthUp(east: Speed.knots(-480).metresPerSecond, north: 0, up: -10.16)
    track.pressureAltitude = level.map { Track.Aged(Length.flightLevel($0).metres, at: noon.advanced(by: -6)) }
    track.callsign = callsign.flatMap { Callsign($0) }.map { Track.Aged($0, at: noon.advanced(by: -3)) }
    track.address = address.map { Track.Aged(ICAOAddress($0), at: noon.advanced(by: -2)) }
    track.mode3A = code.map { Track.Aged(Mode3A($0), at: noon.advanced(by: -4)) }
    track.lastKind = .combined
    track.plotCount = 7
    track.covariance = Matrix([[2500, 1, 0, 0], [1, 1600, 0, 0], [0, 0, 4, 0], [0, 0, 0, 9]])
    track.heightVariance = 900
    track.contribute(sensor: SensorID(sac: 9, sic: 9), measuredAt: noon.advanced(by: -8))
    track.contribute(sensor: SensorID(sac: 20, sic: 129), measuredAt: noon.advanced(by: -2))
    return track
}

func server(_ view: any NodeView, streamsMax: Int = 256, stallPatience: Double = 20, assets: String? = nil)
    -> WebServer
{
    WebServer(
        view,
        configuration: .init(
            host: "127.0.0.1", port: 0, assets: assets, streamsMax: streamsMax, stallPatience: stallPatience),
        log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

func answer(
    _ view: any NodeView, _ path: String, method: HTTPRequest.Method = .get, headers: HTTPFields = [:],
    assets: String? = nil
) async throws -> TestResponse {
    try await Application(router: server(view, assets: assets).router()).test(.router) { client in
        try await client.execute(uri: path, method: method, headers: headers)
    }
}

func object(_ response: TestResponse) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)) as? [String: Any])
}

/// The value at a path of keys and indices.
func value(_ json: Any?, _ path: any Sendable...) -> Any? {
    path.reduce(json) { json, step in
        if let key = step as? String { return (json as? [String: Any])?[key] }
        if let index = step as? Int, let array = json as? [Any], array.indices.contains(index) { return array[index] }
        return nil
    }
}

/// The track as two rules doubt it.
private func doubted(_ track: Track) -> Track {
    var track = track
    track.doubtLog.note([.impossibleMotion, .radarDiffers], at: noon)
    return track
}

@Suite("The API") struct APITests {
    @Test("a track that is doubted says by which rules, and in details what they say; one that is not says nothing")
    func doubts() async throws {
        let node = StillNode()
        node.picture.apply([.updated(doubted(track(17)))])
        let collection = value(try object(try await answer(node, "/api/tracks")), "features", 0, "properties")
        #expect(value(collection, "doubts") as? [String] == ["impossible-motion", "radar-differs"])
        #expect(value(collection, "doubtTexts") == nil)
        let details = value(try object(try await answer(node, "/api/tracks/17")), "properties")
        #expect((value(details, "doubtTexts") as? [String])?.count == 2)
        node.picture.apply([.updated(track(17))])
        #expect(value(try object(try await answer(node, "/api/tracks/17")), "properties", "doubts") == nil)
    }

    @Test("aircraft.json is told of a live node only")
    func aircraft() async throws {
        let response = try await answer(StillNode(), "/data/aircraft.json")
        #expect(response.status == .notFound && response.headers[.contentType] == "application/problem+json")
    }

    @Test("a track comes as a feature with everything that is known, and nothing that is not")
    func feature() async throws {
        let node = StillNode()
        node.picture.apply([
            .updated(track(17, callsign: "JAL516", address: 0x84_AB0C, code: 0o7421, level: 350))
        ])
        let response = try await answer(node, "/api/tracks")
        #expect(response.status == .ok && response.headers[.contentType] == "application/geo+json")
        let json = try object(response)
        #expect(value(json, "type") as? String == "FeatureCollection")
        let feature = value(json, "features", 0)
        #expect(value(feature, "id") as? Int == 17)
        #expect(value(feature, "geometry", "coordinates") as? [Double] == [139.75, 35.5, 10_668])
        let properties = try #require(value(feature, "properties") as? [String: Any])
        let expected: [String: any Hashable] = [
            "status": "confirmed", "callsign": "JAL516", "address": "84ab0c", "mode3A": "7421", "flightLevel": 350,
            "heightMetres": 10_668, "groundSpeedKnots": 480, "trackDegrees": 270, "climbFeetPerMinute": -2000,
            "onGround": false, "kind": "combined", "plots": 7, "bornAt": "2026-11-21T11:59:58.000Z",
            "measuredAt": "2026-11-21T11:59:58.000Z", "receivedAt": "2026-11-21T11:59:58.500Z",
        ]
        #expect(NSDictionary(dictionary: properties) == NSDictionary(dictionary: expected))

        node.picture.apply([.updated(track(17))])
        let bare = value(try object(try await answer(node, "/api/tracks")), "features", 0, "properties")
        for absent in ["callsign", "address", "mode3A", "flightLevel"] { #expect(value(bare, absent) == nil) }
    }

    @Test(
        "tracks are chosen by box, also over the date line, by status and by text",
        arguments: [
            ("", [1, 2, 3]), ("?bbox=130,30,145,40", [1]), ("?bbox=130,40,145,30", [1]),
            ("?bbox=170,-10,-170,10", [2, 3]),
            ("?status=coasting", [3]), ("?q=jal", [1]), ("?q=84AB", [1]), ("?q=7421", [2]), ("?q=3", [3]),
            ("?q=", [1, 2, 3]), ("?bbox=170,-10,-170,10&status=confirmed", [2]), ("?q=nobody", []),
        ])
    func filter(query: String, expected: [Int]) async throws {
        let node = StillNode()
        node.picture.apply([
            .updated(track(1, callsign: "JAL516", address: 0x84_AB0C)),
            .updated(track(2, latitude: 5, longitude: 179.5, code: 0o7421)),
            .updated(track(3, latitude: -5, longitude: -179.5, status: .coasting)),
        ])
        let json = try object(try await answer(node, "/api/tracks\(query)"))
        let features = try #require(json["features"] as? [[String: Any]])
        #expect(features.compactMap { $0["id"] as? Int }.sorted() == expected)
    }

    @Test("one track has its sensors, the ages of its fields and its covariance besides")
    func details() async throws {
        let node = StillNode()
        node.picture.apply([.updated(track(17, callsign: "JAL516", level: 350))])
        let properties = value(try object(try await answer(node, "/api/tracks/17")), "properties")
        #expect(value(properties, "sensors", 0, "id") as? String == "20/129")
        #expect(value(properties, "sensors", 0, "name") as? String == "Tower")
        #expect(value(properties, "sensors", 0, "measuredAt") as? String == "2026-11-21T11:59:58.000Z")
        #expect(value(properties, "sensors", 1, "name") as? String == "9/9")
        #expect(value(properties, "fieldTimes", "callsign") as? String == "2026-11-21T11:59:57.000Z")
        #expect(value(properties, "fieldTimes", "pressureAltitude") as? String == "2026-11-21T11:59:54.000Z")
        #expect(value(properties, "fieldTimes", "address") == nil)
        #expect(value(properties, "covariance", 0) as? [Double] == [2500, 1, 0, 0])
        #expect(value(properties, "covariance", 3, 3) as? Double == 9)
        #expect(value(properties, "heightDeviationMetres") as? Double == 30)
    }

    @Test(
        "what is asked wrongly is answered with a problem that says what would be right",
        arguments: [
            ("/api/tracks/99", 404), ("/api/tracks/4294967295", 404), ("/api/tracks/4294967296", 400),
            ("/api/tracks/-1", 400), ("/api/tracks/+1", 400), ("/api/tracks/a", 400), ("/api/tracks/1/history/x", 404),
            ("/api/tracks?bbox=1,2,3", 400), ("/api/tracks?bbox=a,b,c,d", 400), ("/api/tracks?bbox=0,0,181,1", 400),
            ("/api/tracks?bbox=nan,0,1,1", 400), ("/api/tracks?bbox=", 400),
            ("/api/tracks?status=dead", 400), ("/api/tracks?status=", 400), ("/api/tracks?q=123456789", 400),
            ("/api/nothing", 404), ("/assets/nothing.js", 404), ("/nothing", 404),
            ("/api/tracks/1/history?seconds=0", 400), ("/api/tracks/1/history?seconds=x", 400),
            ("/api/tracks/1/history?seconds=604801", 400),
        ])
    func problems(path: String, status: Int) async throws {
        let response = try await answer(StillNode(), path)
        #expect(response.status.code == status)
        #expect(response.headers[.contentType] == "application/problem+json")
        let json = try object(response)
        #expect(value(json, "status") as? Int == status)
        #expect((value(json, "detail") as? String)?.isEmpty == false)
    }

    @Test(
        "only reading is allowed, and the answer says so",
        arguments: [.post, .put, .delete, .patch, .options, .trace] as [HTTPRequest.Method])
    func methods(method: HTTPRequest.Method) async throws {
        for path in ["/api/tracks", "/api/tracks/1", "/healthz", "/", "/nothing"] {
            let response = try await answer(StillNode(), path, method: method)
            #expect(response.status == .methodNotAllowed && response.headers[.allow] == "GET, HEAD")
        }
    }

    @Test("HEAD is answered like GET, with its length and without its body")
    func head() async throws {
        let node = StillNode()
        for path in ["/api/tracks", "/api/sensors", "/api/node", "/healthz", "/metrics", "/api/openapi.json", "/"] {
            let get = try await answer(node, path)
            let head = try await answer(node, path, method: .head)
            #expect(head.status == .ok && head.body.readableBytes == 0)
            #expect(head.headers[.contentType] == get.headers[.contentType])
            #expect(head.headers[.contentLength] == "\(get.body.readableBytes)")
        }
        #expect(try await answer(node, "/api/tracks/5", method: .head).status == .notFound)
    }

    @Test("HEAD of the stream takes no place among the readers")
    func headOfStream() async throws {
        let node = StillNode()
        let server = server(node, streamsMax: 1)
        try await Application(router: server.router()).test(.router) { client in
            for _ in 0..<3 {
                let head = try await client.execute(uri: "/api/tracks/stream", method: .head)
                #expect(head.status == .ok && head.headers[.contentType] == "text/event-stream")
            }
            let metrics = try await client.execute(uri: "/metrics", method: .get)
            #expect(String(buffer: metrics.body).contains("\nkumiko_http_streams 0\n"))
        }
    }

    @Test("sensors come with what is known of them")
    func sensors() async throws {
        let json = try object(try await answer(StillNode(), "/api/sensors"))
        #expect(value(json, "now") as? Int == 1_795_262_400_000)
        let expected: [String: any Hashable] = [
            "id": "20/129", "name": "Tower", "kind": "radar", "periodSeconds": 4, "latitude": 35.5,
            "longitude": 139.75, "heightMetres": 40, "rangeMaxMetres": 111_120, "state": "operational",
            "lastReportAt": "2026-11-21T12:00:00.000Z", "plotsPerSecond": 12.5, "plots": 99,
        ]
        let first = try #require(value(json, "sensors", 0) as? [String: Any])
        #expect(NSDictionary(dictionary: first) == NSDictionary(dictionary: expected))
        let second = try #require(value(json, "sensors", 1) as? [String: Any])
        #expect(Set(second.keys) == ["id", "name", "kind", "state", "plotsPerSecond", "plots", "registration"])
        let registration = try #require(second["registration"] as? [String: Any])
        let told: [String: any Hashable] = [
            "state": "quarantined", "since": "2026-11-21T12:00:00.000Z", "stretches": 17, "jumps": 1, "isApplied": true,
            "timeMilliseconds": ["value": -41.2, "deviation": 3.0],
        ]
        #expect(NSDictionary(dictionary: registration) == NSDictionary(dictionary: told))
    }

    @Test("the node says who it is")
    func node() async throws {
        let json = try object(try await answer(StillNode(), "/api/node"))
        let expected: [String: any Hashable] = [
            "name": "Still \"Node\"", "nation": "jp", "realm": "exercise(edge)", "version": "9.9.9",
            "startedAt": "2026-11-21T12:00:00.000Z",
        ]
        #expect(NSDictionary(dictionary: json) == NSDictionary(dictionary: expected))
    }

    @Test("a node in trouble says so, in words and in its status")
    func health() async throws {
        let node = StillNode()
        #expect(try await answer(node, "/healthz").status == .ok)
        node.fail("The disk is full.")
        let response = try await answer(node, "/healthz")
        #expect(response.status == .serviceUnavailable)
        #expect(value(try object(response), "trouble") as? String == "The disk is full.")
    }

    @Test("figures stand by name, under one help and one type, with labels escaped")
    func metrics() async throws {
        let response = try await answer(StillNode(), "/metrics")
        #expect(response.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            String(buffer: response.body).hasPrefix(
                """
                # HELP kumiko_things_total Things.
                # TYPE kumiko_things_total counter
                kumiko_things_total{feed="a \\"b\\"\\\\c\\nd"} 3
                kumiko_things_total{feed="e"} 4
                # HELP kumiko_level A level.
                # TYPE kumiko_level gauge
                kumiko_level 0.5

                """))
    }

    @Test("the description names every route that the server has")
    func openAPI() async throws {
        let json = try object(try await answer(StillNode(), "/api/openapi.json"))
        #expect(value(json, "openapi") as? String == "3.1.0")
        let paths = try #require(value(json, "paths") as? [String: Any])
        #expect(
            Set(paths.keys) == [
                "/api/tracks", "/api/tracks/stream", "/api/tracks/{id}", "/api/tracks/{id}/history", "/api/sensors",
                "/api/node", "/api/openapi.json", "/healthz", "/metrics",
                "/data/aircraft.json", "/api/audiences", "/api/release/terms", "/api/tracks/{id}/release",
                "/api/tracks/{id}/label", "/api/federation",
            ])
    }

    @Test("every answer keeps a browser from asking others", arguments: ["/", "/api/tracks", "/nothing", "/healthz"])
    func headers(path: String) async throws {
        let headers = try await answer(StillNode(), path).headers
        let policy = try #require(headers[.contentSecurityPolicy])
        #expect(policy.contains("default-src 'self'") && policy.contains("worker-src 'self' blob:"))
        #expect(!policy.contains("http:") && !policy.contains("https:") && !policy.contains("*"))
        #expect(headers[.xContentTypeOptions] == "nosniff")
    }
}

@Suite("History over HTTP") struct HistoryTests {
    private func folder() throws -> URL {
        let url = FileManager.default.temporaryDirectory.appending(path: "kumiko-web-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    @Test("a track's path is a line with times, levels and speeds; of one point and of none too")
    func path() async throws {
        let folder = try self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let history = try TrackHistory(in: DataDirectory(folder.path))
        for step in 0..<5 {
            let place = Geodetic(latitudeDegrees: 35, longitudeDegrees: 139 + Double(step), height: 1000)
            var point = TrackPoint(
                track: TrackID(7), measuredAt: noon.advanced(by: Double(step * 10 - 40)), position: place)
            point.groundSpeed = 100
            if step > 0 { point.pressureAltitude = Length.flightLevel(30).metres }
            history.append([point])
        }
        await history.flush()
        let node = StillNode(history: history)
        let json = try object(try await answer(node, "/api/tracks/7/history?seconds=30"))
        #expect(value(json, "type") as? String == "Feature" && value(json, "id") as? Int == 7)
        #expect(value(json, "geometry", "type") as? String == "LineString")
        #expect((value(json, "geometry", "coordinates") as? [Any])?.count == 4)
        #expect(value(json, "geometry", "coordinates", 0) as? [Double] == [140, 35, 1000])
        #expect(value(json, "properties", "times", 3) as? String == "2026-11-21T12:00:00.000Z")
        #expect(value(json, "properties", "flightLevels") as? [Double] == [30, 30, 30, 30])
        #expect(value(json, "properties", "groundSpeedsKnots", 0) as? Double == 194.4)
        let all = try object(try await answer(node, "/api/tracks/7/history"))
        #expect(value(all, "properties", "flightLevels", 0) is NSNull)
        // RFC 7946, 3.1.4: a line has two positions or more; one point is there twice.
        let one = try object(try await answer(node, "/api/tracks/7/history?seconds=1"))
        #expect(value(one, "geometry", "coordinates") as? [[Double]] == [[143, 35, 1000], [143, 35, 1000]])
        #expect((value(one, "properties", "times") as? [Any])?.count == 2)
        node.picture.apply([.updated(track(8))])
        let none = try object(try await answer(node, "/api/tracks/8/history"))
        #expect((value(none, "geometry", "coordinates") as? [Any])?.isEmpty == true)
        #expect(try await answer(node, "/api/tracks/9/history").status == .notFound)
        await history.close()
    }

    @Test("a node without history says so")
    func without() async throws {
        #expect(try await answer(StillNode(), "/api/tracks/7/history").status == .serviceUnavailable)
    }
}

@Suite("Files over HTTP") struct FileTests {
    @Test("the map is served under /, with its type, and not sent again when it has not changed")
    func map() async throws {
        let page = try await answer(StillNode(), "/")
        #expect(page.status == .ok && page.headers[.contentType]?.hasPrefix("text/html") == true)
        let tag = try #require(page.headers[.eTag])
        let again = try await answer(StillNode(), "/", headers: [.ifNoneMatch: tag])
        #expect(again.status == .notModified && again.body.readableBytes == 0)
    }

    @Test("assets are served under /assets and nothing outside of their folder is")
    func assets() async throws {
        let outer = FileManager.default.temporaryDirectory.appending(path: "kumiko-web-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: outer) }
        let folder = outer.appending(path: "assets")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("export {}".utf8).write(to: folder.appending(path: "a.mjs"))
        try Data("secret".utf8).write(to: outer.appending(path: "secret"))
        let script = try await answer(StillNode(), "/assets/a.mjs", assets: folder.path)
        #expect(script.status == .ok && script.headers[.contentType]?.contains("javascript") == true)
        for path in [
            "/assets/../secret", "/assets/%2e%2e/secret", "/assets/..%2fsecret", "/assets/%2e%2e%2fsecret",
            "/assets//../secret", "/assets/%252e%252e/secret", "/../secret", "/assetsx", "/assets%00/a.mjs",
        ] {
            let response = try await answer(StillNode(), path, assets: folder.path)
            #expect([400, 404].contains(response.status.code), "\(path)")
            #expect(!String(buffer: response.body).contains("secret\n"), "\(path)")
        }
    }
}

/// A server that runs, and what it said of its port.
func running<Value: Sendable>(
    _ view: any NodeView, streamsMax: Int = 256, stallPatience: Double = 20,
    _ body: @Sendable (_ port: Int, _ stop: @escaping @Sendable () async -> Void) async throws -> Value
) async throws -> Value {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = WebServer(
        view,
        configuration: .init(host: "127.0.0.1", port: 0, streamsMax: streamsMax, stallPatience: stallPatience),
        log: log
    ) { _, bound in port.yield(bound) }
    let group = ServiceGroup(configuration: .init(services: [server], logger: log))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        let bound = try #require(await ports.first { _ in true })
        let value = try await body(bound) { await group.triggerGracefulShutdown() }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return value
    }
}

func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

@Suite("The event stream", .timeLimit(.minutes(1))) struct StreamTests {
    @Test("a reader gets the snapshot, then what changes, and sensors besides")
    func story() async throws {
        let node = StillNode()
        node.picture.apply([.updated(track(1, callsign: "JAL516", address: 0x84_AB0C, code: 0o7421, level: 350.25))])
        try await running(node) { port, _ in
            let client = try await RawClient.get("/api/tracks/stream", port: port)
            let first = await client.text { text in events(text).contains { $0.name == "sensors" } }
            #expect(first.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(first.lowercased().contains("\r\ncontent-type: text/event-stream\r\n"))
            let snapshot = try #require(events(first).first)
            #expect(snapshot.name == "snapshot")
            let body = try json(snapshot.data)
            #expect(value(body, "now") as? Int == 1_795_262_400_000)
            let row = try #require(value(body, "tracks", 0) as? [Any])
            let expected: [any Hashable] = [
                1, 139.75, 35.5, 1, 350.25, 270, 480, -2000, "JAL516", "84ab0c", "7421", 0, 3, 1_795_262_398_000, 0,
            ]
            #expect(NSArray(array: row) == NSArray(array: expected))
            #expect((value(body, "dropped") as? [Any])?.isEmpty == true)

            node.picture.apply([.updated(doubted(track(2))), .dropped(TrackID(1), at: noon)])
            let second = await client.text { text in events(text).contains { $0.name == "delta" } }
            let delta = try json(try #require(events(second).first { $0.name == "delta" }).data)
            let bare: [any Hashable] = [
                2, 139.75, 35.5, 1, NSNull(), 270, 480, -2000, NSNull(), NSNull(), NSNull(), 0, 3, 1_795_262_398_000, 9,
            ]
            #expect(NSArray(array: try #require(value(delta, "tracks", 0) as? [Any])) == NSArray(array: bare))
            #expect(value(delta, "dropped") as? [Int] == [1])
            let sensors = try json(try #require(events(second).first { $0.name == "sensors" }).data)
            #expect((value(sensors, "sensors") as? [Any])?.count == 2)
            await client.close()
        }
    }

    @Test("an empty picture is told at once")
    func empty() async throws {
        try await running(StillNode()) { port, _ in
            let client = try await RawClient.get("/api/tracks/stream", port: port)
            let text = await client.text { !events($0).isEmpty }
            #expect(events(text).first?.name == "snapshot")
            await client.close()
        }
    }

    @Test("a reader that sleeps gets the newest when it wakes, and not all that was in between")
    func conflation() async throws {
        let node = StillNode()
        try await running(node) { port, _ in
            let client = try await RawClient.get("/api/tracks/stream", port: port, reads: false)
            // 400 rounds of 500 tracks are some 15 MB of rows: more than any socket buffer holds.
            for round in 0..<400 {
                node.picture.apply(
                    (0..<500).map { i in
                        .updated(track(UInt32(i), level: Double(round)))
                    })
                try await Task.sleep(for: .milliseconds(2))
            }
            try await client.read()
            func newest(_ text: String) -> [Int: Double] {
                var levels: [Int: Double] = [:]
                for event in events(text) where event.name != "sensors" {
                    for row in (try? json(event.data))?["tracks"] as? [[Any]] ?? [] {
                        if let id = row[0] as? Int { levels[id] = row[4] as? Double ?? -1 }
                    }
                }
                return levels
            }
            node.picture.apply([.updated(track(999_999))])
            let text = await client.text { $0.split(separator: "[999999,").dropFirst().last?.contains("\n\n") == true }
            #expect(newest(text).count == 501 && newest(text).filter { $0.key < 500 }.values.allSatisfy { $0 == 399 })
            #expect(text.utf8.count < 8_000_000)
            await client.close()
        }
    }

    @Test("a reader that takes nothing for long is let go, and its place is free again")
    func stalled() async throws {
        let node = StillNode()
        try await running(node, streamsMax: 1, stallPatience: 0.3) { port, _ in
            let client = try await RawClient.get("/api/tracks/stream", port: port, reads: false)
            for round in 0..<200 {
                node.picture.apply((0..<2000).map { .updated(track(UInt32($0), level: Double(round))) })
                try await Task.sleep(for: .milliseconds(10))
            }
            var text = ""
            while !text.hasPrefix("HTTP/1.1 200") {
                let other = try await RawClient.get("/api/tracks/stream", port: port)
                text = await other.text { $0.contains("\r\n\r\n") }
                await other.close()
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(text.hasPrefix("HTTP/1.1 200"))
            await client.close()
        }
    }

    @Test("beyond the most readers the next is told to come later; one that leaves makes room")
    func most() async throws {
        try await running(StillNode(), streamsMax: 1) { port, _ in
            let first = try await RawClient.get("/api/tracks/stream", port: port)
            _ = await first.text { !events($0).isEmpty }
            let second = try await RawClient.get("/api/tracks/stream", port: port)
            let refused = await second.text { $0.contains("detail") }
            #expect(refused.hasPrefix("HTTP/1.1 503"))
            await second.close()
            await first.close()
            var text = ""
            while !text.hasPrefix("HTTP/1.1 200") {
                let third = try await RawClient.get("/api/tracks/stream", port: port)
                text = await third.text { $0.contains("\r\n\r\n") }
                await third.close()
            }
            #expect(text.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("a node that stops ends its streams")
    func shutdown() async throws {
        try await running(StillNode()) { port, stop in
            let client = try await RawClient.get("/api/tracks/stream", port: port)
            _ = await client.text { !events($0).isEmpty }
            await stop()
            await client.closed()
        }
    }
}
