import Air
import Geodesy
import SensorFormats
import Testing

@testable import Node

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite("Configuration")
struct ConfigurationTests {
    static let example = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "kumiko.example.yaml")

    @Test("the commented example loads, and says what it says")
    func example() throws {
        let text = try String(contentsOf: Self.example, encoding: .utf8)
        let configuration = try Configuration(yaml: text)
        #expect(configuration.name == "Example node")
        #expect(configuration.nation == Nation("jp"))
        #expect(configuration.realm == .live)
        #expect(
            configuration.sensors.map(\.id) == [
                SensorID(sac: 20, sic: 129), SensorID(sac: 20, sic: 250), SensorID(sac: 20, sic: 251),
            ])
        #expect(configuration.sensors[0].kind == .radar(period: 4))
        #expect(abs(configuration.sensors[0].site.latitudeDegrees - 41.3007) < 1e-9)
        #expect(configuration.sensors[1].kind == .receiver)
        #expect(configuration.feeds.count == 6)
        #expect(
            configuration.feeds[0].source == .datagrams(host: "127.0.0.1", port: 8600, group: nil, interface: nil))
        #expect(
            configuration.feeds[0].format
                == .asterix(editions: [
                    Configuration.EditionChoice(AsterixEdition(category: 21, major: 2, minor: 6)),
                    Configuration.EditionChoice(
                        AsterixEdition(category: 48, major: 1, minor: 30), for: SensorID(sac: 20, sic: 129)),
                ]))
        #expect(configuration.feeds[1].source == .connections([Configuration.Address(host: "127.0.0.1", port: 30005)]))
        #expect(configuration.feeds[1].format == .beast(receiver: SensorID(sac: 20, sic: 250)))
        let harbour = SensorID(sac: 20, sic: 251)
        #expect(
            configuration.feeds[2...].map(\.format) == [
                .sbs(receiver: SensorID(sac: 20, sic: 250)), .ais(receiver: harbour),
                .remoteID(receiver: harbour, framing: .message),
                .sapient(sensor: harbour, nodeID: "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"),
            ])
        let destination = Configuration.Destination(host: "239.255.10.62", port: 8600)
        #expect(
            configuration.outlets.map(\.kind) == [
                .tracks(Configuration.TrackOutlet(destination: destination, source: SensorID(sac: 20, sic: 1))),
                .plots(Configuration.Destination(host: "127.0.0.1", port: 8621)),
                .frames(Configuration.FrameOutlet(form: .beast, host: "127.0.0.1", port: 30105, feeds: ["roof"])),
                .frames(Configuration.FrameOutlet(form: .sbs, host: "127.0.0.1", port: 30103)),
            ])
    }

    @Test("the values shown in the example are the defaults, but for name, nation and realm")
    func exampleShowsDefaults() throws {
        let example = try Configuration(yaml: String(contentsOf: Self.example, encoding: .utf8))
        let standard = Configuration()
        #expect(example.httpHost == standard.httpHost && example.httpPort == standard.httpPort)
        #expect(example.lagMax == standard.lagMax && example.tracksMax == standard.tracksMax)
        #expect(example.history?.directory == standard.history?.directory)
        #expect(example.history?.keepHours == standard.history?.keepHours)
        #expect(example.history?.interval == standard.history?.interval)
        #expect(example.history?.sizeMaxBytes == standard.history?.sizeMaxBytes)
        let radar = Sensor(
            id: example.sensors[0].id, name: "Barcelona", site: example.sensors[0].site, kind: .radar(period: 4))
        #expect(example.sensors[0] == radar)
        #expect(example.feeds[0].queueBytesMax == Configuration.standard.feeds[0].queueBytesMax)
    }

    @Test("an empty file is the standard without feeds")
    func empty() throws {
        #expect(try Configuration(yaml: "").feeds.isEmpty)
        #expect(try Configuration(yaml: "# nothing\n").httpPort == 8080)
    }

    @Test(
        "an error names the line, the key and the remedy",
        arguments: [
            ("http:\n  prot: 80\n", 2, "http.prot", "did you mean `port`?"),
            ("http:\n  port: eighty\n", 2, "http.port", "whole number from 0 to 65535"),
            ("node:\n  nation: Japan\n", 2, "node.nation", "two small letters"),
            ("node:\n  realm: war\n", 2, "node.realm", "live, test or exercise(NAME)"),
            (
                "sensors:\n  - id: 20\n    latitude: 1\n    longitude: 2\n    period: 4\n", 2, "sensors[0].id",
                "SAC and SIC"
            ),
            (
                "sensors:\n  - id: 1/2\n    latitude: 91\n    longitude: 2\n    period: 4\n", 3, "sensors[0].latitude",
                "-90"
            ),
            ("sensors:\n  - id: 1/2\n    latitude: 1\n    longitude: 2\n", 2, "sensors[0].period", "is missing"),
            ("feeds:\n  - name: a\n    format: asterix\n", 2, "feeds[0].listen", "add `listen: 0.0.0.0:8600`"),
            ("feeds:\n  - name: a\n    format: morse\n", 3, "feeds[0].format", "asterix, beast"),
            ("feeds:\n  - name: a\n    format: beast\n    receiver: 1/2\n", 2, "feeds[0].connect", "or `accept:`"),
            (
                "feeds:\n  - name: a\n    format: avr\n    receiver: 1/2\n    connect: h:1\n    listen: h:2\n", 6,
                "feeds[0].listen", "stands beside `connect`"
            ),
            (
                "feeds:\n  - name: a\n    format: asterix\n    listen: h:1\n    editions: {\"48 20\": \"1.30\"}\n", 5,
                "feeds[0].editions.48 20", "for one sender only"
            ),
            (
                "feeds:\n  - name: a\n    format: asterix\n    listen: h:1\n    group: 10.0.0.1\n", 5,
                "feeds[0].group", "224.0.0.0"
            ),
            (
                "feeds:\n  - name: a\n    format: sapient\n    accept: h:1\n    receiver: 1/2\n    nodeID: 17\n", 6,
                "feeds[0].nodeID", "write a UUID"
            ),
            (
                "feeds:\n  - name: a\n    format: remote-id\n    listen: h:1\n    receiver: 1/2\n    framing: x\n", 6,
                "feeds[0].framing", "message, bluetooth, wifi"
            ),
            (
                "feeds:\n  - name: a\n    format: sbs\n    connect: [h:1, h]\n    receiver: 1/2\n", 4,
                "feeds[0].connect", "host:port"
            ),
            ("outlets:\n  - name: a\n    send: h:1\n", 2, "outlets[0].format", "asterix-tracks, asterix-plots, beast"),
            ("outlets:\n  - name: a\n    format: asterix-plots\n", 2, "outlets[0].send", "239.255.10.62:8600"),
            (
                "outlets:\n  - name: a\n    format: asterix-plots\n    send: 8600\n", 4, "outlets[0].send",
                "address:port"
            ),
            ("outlets:\n  - name: a\n    format: asterix-tracks\n    send: h:1\n", 2, "outlets[0].source", "20/129"),
            (
                "outlets:\n  - name: a\n    format: asterix-tracks\n    send: h:1\n    source: 1/2\n    hops: 256\n", 6,
                "outlets[0].hops", "0 to 255"
            ),
            (
                "outlets:\n  - name: a\n    format: beast\n    listen: h:1\n    feeds: [b]\n", 5, "outlets[0].feeds",
                "no feed of Mode S frames"
            ),
            (
                "node:\n  realm: exercise(x)\noutlets:\n  - name: a\n    format: beast\n    listen: h:1\n", 5,
                "outlets[0].format", "could be taken for live"
            ),
            ("feeds:\n  - name: a\n    format: asterix\n    listen: 8600\n", 4, "feeds[0].listen", "address:port"),
            (
                "feeds:\n  - name: a\n    format: asterix\n    listen: h:1\n    editions: {48: \"9.9\"}\n", 5,
                "feeds[0].editions.48", "has no edition `9.9`; write one of 1.27"
            ),
            ("feeds: 7\n", 1, "feeds", "must be a list"),
            ("history:\n\tenabled: true\n", 2, "", "no valid YAML"),
            ("colour: red\n", 1, "colour", "is no key of this section"),
            ("node:\n  name: a\n  name: b\n", 2, "name", "stands twice"),
        ])
    func problems(yaml: String, line: Int, key: String, remedy: String) {
        let error = #expect(throws: ConfigurationError.self) { _ = try Configuration(yaml: yaml) }
        let problem = error?.problems.first { $0.text.contains(remedy) }
        #expect(problem?.line == line, "\(error.map(String.init(describing:)) ?? "no error")")
        #expect(problem?.key == key)
    }

    @Test("all problems are told at once, in the order of their lines")
    func allAtOnce() {
        let error = #expect(throws: ConfigurationError.self) {
            _ = try Configuration(yaml: "http:\n  port: -1\nnode:\n  nation: JP\nfeeds:\n  - format: beast\n")
        }
        #expect((error?.problems.count ?? 0) >= 4)
        #expect(error?.problems.map(\.line) == error?.problems.map(\.line).sorted())
    }

    @Test("every prefix of the example is read or refused, never trapped on")
    func truncated() throws {
        let text = try String(contentsOf: Self.example, encoding: .utf8)
        for length in stride(from: 0, to: text.count, by: 7) {
            _ = try? Configuration(yaml: String(text.prefix(length)))
        }
    }
}
