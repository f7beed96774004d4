import Air
import Foundation
import Geodesy
import Logging
import SensorFormats
import Synchronization
import Testing
import Transport

@testable import Node

@Suite("Node")
struct KumikoNodeTests {
    static let radar = Sensor(
        id: SensorID(sac: 0, sic: 7), name: "Test radar",
        site: Geodetic(latitudeDegrees: 35.5, longitudeDegrees: 139.8, height: 40), kind: .radar(period: 4))
    static let start = Timestamp(nanoseconds: 1_795_219_200_000_000_000)

    static var quiet: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }

    static func configuration(_ feeds: [Configuration.Feed]) -> Configuration {
        var configuration = Configuration()
        configuration.realm = .test
        configuration.history = nil
        configuration.sensors = [self.radar]
        configuration.feeds = feeds
        return configuration
    }

    static let injected = Configuration.Feed(name: "in", source: .injected, format: .asterix())

    /// A turn of one aircraft that flies away to the north-east, as ASTERIX 048.
    static func datagram(turn: Int, at instant: Timestamp) -> [UInt8] {
        var writer = AsterixWriter()
        writer.append(
            .plot(
                Plot(
                    sensor: self.radar.id, measuredAt: instant, receivedAt: instant, kind: .modeS,
                    measurement: .polar(
                        range: 80_000 + 900 * Double(turn), azimuth: .pi / 4, elevation: nil),
                    pressureAltitude: 10_000, identity: Identity(address: ICAOAddress(0x86D624)))))
        var bytes: [UInt8] = []
        writer.takeDatagrams { _, datagram in for i in datagram.indices { bytes.append(datagram[i]) } }
        return bytes
    }

    @Test("bytes of a radar become a track on the picture, and the sensor is operational")
    func tracks() async throws {
        let node = try KumikoNode(
            Self.configuration([Self.injected]), clock: .played(from: Self.start, speed: 0), log: Self.quiet)
        for turn in 0..<6 {
            let now = Self.start.advanced(by: 4 * Double(turn))
            await node.advance(to: now)
            await node.inject(Self.datagram(turn: turn, at: now), into: 0, receivedAt: now)
        }
        #expect(node.picture.count == 1)
        var seen: ICAOAddress?
        node.picture.snapshot().forEach { seen = $0.address?.value }
        #expect(seen == ICAOAddress(0x86D624))
        let health = try #require(node.sensors.first)
        #expect(health.state == .operational && health.plots == 6 && health.name == "Test radar")
    }

    @Test("when nothing comes any more the track ends and the sensor is silent")
    func silence() async throws {
        let node = try KumikoNode(
            Self.configuration([Self.injected]), clock: .played(from: Self.start, speed: 0), log: Self.quiet)
        for turn in 0..<6 {
            let now = Self.start.advanced(by: 4 * Double(turn))
            await node.advance(to: now)
            await node.inject(Self.datagram(turn: turn, at: now), into: 0, receivedAt: now)
        }
        for second in 0..<120 { await node.advance(to: Self.start.advanced(by: 20 + Double(second))) }
        #expect(node.picture.count == 0)
        #expect(node.sensors.first?.state == .silent)
    }

    @Test("damaged datagrams cost themselves: the aircraft is tracked all the same, and each is counted")
    func damaged() async throws {
        let node = try KumikoNode(
            Self.configuration([Self.injected]), clock: .played(from: Self.start, speed: 0), log: Self.quiet)
        for turn in 0..<6 {
            let now = Self.start.advanced(by: 4 * Double(turn))
            let good = Self.datagram(turn: turn, at: now)
            await node.inject(Array(good.dropLast(3)), into: 0, receivedAt: now)
            await node.inject([48, 0, 2], into: 0, receivedAt: now)
            await node.inject([7, 0, 4, 0], into: 0, receivedAt: now)
            await node.inject(good, into: 0, receivedAt: now)
        }
        #expect(node.picture.count == 1)
        let unused = node.metrics.filter { $0.name == "kumiko_feed_unused_total" && $0.value >= 6 }
        #expect(unused.count >= 2, "\(unused.map(\.labels))")
    }

    @Test("an arrival feed takes the node's time and not the sensor's")
    func arrivalTime() {
        var feed = Self.injected
        feed.time = .arrival
        var decoder = FeedDecoder(feed, sensors: [Self.radar])
        var decoded = Decoded()
        let wrongClock = Self.datagram(turn: 0, at: Self.start.advanced(by: -3600))
        decoder.decode(
            wrongClock.span, of: IngestItem(feed: 0, receivedAt: Self.start.nanoseconds), into: &decoded)
        #expect(decoded.reports.map(\.measuredAt) == [Self.start])
    }

    @Test("a frame whose beginning came by a connection that broke is not joined to the next one's bytes")
    func brokenStream() {
        let receiver = SensorID(sac: 0, sic: 1)
        var decoder = FeedDecoder(
            Configuration.Feed(name: "b", source: .injected, format: .beast(receiver: receiver)), sensors: [])
        let frame: [UInt8] =
            [0x1A, 0x33, 0, 0, 0, 0, 0, 0, 0x40]
            + [0x8D, 0x48, 0x40, 0xD6, 0x20, 0x2C, 0xC3, 0x71, 0xC3, 0x2C, 0xE0, 0x57, 0x60, 0x98]
        var decoded = Decoded(wants: Decoded.Wants(frames: true))
        func take(_ bytes: [UInt8], _ connection: UInt32, _ sequence: UInt32) {
            decoder.decode(
                bytes.span,
                of: IngestItem(feed: 0, connection: connection, sequence: sequence, receivedAt: Self.start.nanoseconds),
                into: &decoded)
        }
        take(Array(frame.prefix(12)), 1, 0)
        take(frame, 2, 0)
        take(Array(frame.prefix(12)), 2, 1)
        take(Array(frame.dropFirst(12)), 2, 2)
        let figures = decoder.metrics(FeedLabel(feed: "b"))
        #expect(figures.first { $0.name == "kumiko_feed_messages_total" }?.value == 2)
        #expect(figures.first { $0.name == "kumiko_feed_garbage_bytes_total" }?.value == 12)
        #expect(decoded.frames.bytes == frame + frame && decoded.frames.count == 2)
    }

    @Test(
        "a datagram over UDP reaches the picture, and the node ends when its task is cancelled", .timeLimit(.minutes(1))
    )
    func overUDP() async throws {
        let feed = Configuration.Feed(
            name: "udp", source: .datagrams(host: "127.0.0.1", port: 0, group: nil, interface: nil), format: .asterix())
        var configuration = Self.configuration([feed])
        // Turns of four seconds, sent in quick succession: what the tracker goes by is the sensor's time. Registration would
        // see a clock that jumps.
        configuration.registration = .off
        let node = try KumikoNode(configuration, log: Self.quiet)
        try await node.open()
        let address = try #require(node.address(ofFeed: 0))
        let running = Task { try await node.run() }
        let sender = try await DatagramSender.open(to: try #require(Endpoint(address)))
        let began = node.now.advanced(by: -32)
        for turn in 0..<8 {
            sender.send(Self.datagram(turn: turn, at: began.advanced(by: 4 * Double(turn))).span)
            try await sender.flush()
            try await Task.sleep(for: .milliseconds(300))
        }
        let reader = node.picture.subscribe()
        for await _ in reader.signals where node.picture.count == 1 { break }
        #expect(node.picture.count == 1)
        running.cancel()
        try await running.value
        await sender.close()
    }
}

@Suite("Replay")
struct ReplayTests {
    /// The recordings that nobody here wrote; users have none of them.
    static let data: URL = {
        let shared = ConfigurationTests.example.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "shared/data")
        let named = ProcessInfo.processInfo.environment["KUMIKO_DATA"].map { URL(filePath: $0) }
        return (named ?? shared).appending(path: "asterix")
    }()
    static var hasData: Bool { (try? Self.data.checkResourceIsReachable()) == true }

    // Skipped where ../shared/data is not there.
    @Test("a real radar's hour is played in order, and its tracks follow the aircraft", .enabled(if: hasData))
    func barcelona() async throws {
        let replay = try Replay(
            [Self.data.appending(path: "bcn_20230502_0809_cat048.ast").path], start: KumikoNodeTests.start)
        #expect(replay.count == 44_085)
        #expect(replay.end.seconds(since: replay.begin) > 3500 && replay.end.seconds(since: replay.begin) < 3700)
        var configuration = KumikoNodeTests.configuration(replay.feeds)
        configuration.sensors = [
            Sensor(
                id: SensorID(sac: 20, sic: 129), name: "Barcelona",
                site: Geodetic(latitudeDegrees: 41.300702, longitudeDegrees: 2.102058, height: 27.3),
                kind: .radar(period: 4))
        ]
        let addresses = Mutex<Set<ICAOAddress>>([])
        let node = try KumikoNode(
            configuration, clock: .played(from: replay.begin, speed: 0), log: KumikoNodeTests.quiet,
            observer: { _, changes in
                addresses.withLock { addresses in
                    for case .updated(let track) in changes {
                        if let address = track.address?.value { addresses.insert(address) }
                    }
                }
            })
        await replay.play(into: node)
        #expect(addresses.withLock { $0.count } >= 170)
    }

    @Test("several recordings are played together, in the order of time", .enabled(if: hasData))
    func together() throws {
        let files = ["jahorina.raw", "bcn_20230502_0809_cat048.ast"].map { Self.data.appending(path: $0).path }
        let replay = try Replay(files, start: KumikoNodeTests.start)
        #expect(replay.count == 44_085 + (try Replay([files[0]], start: KumikoNodeTests.start)).count)
        #expect(replay.feeds.count == 2)
    }

    @Test("state vectors of OpenSky are played as plots of category 021, in the order of time")
    func states() async throws {
        let header =
            "time,icao24,lat,lon,velocity,heading,vertrate,callsign,onground,alert,spi,squawk,baroaltitude,geoaltitude,"
            + "lastposupdate,lastcontact\n"
        var text = header
        for second in 0..<30 {
            let time = 1_626_098_400 + second
            let latitude = 51.0 + 0.002 * Double(second)
            text += "\(time),3c4591,\(latitude),-0.44,222.4,0.0,0.0,BOX413  ,False,False,False,1174,10668.0,10843.26,"
            text += "\(time).0,\(time).0\n"
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "states-\(UUID().uuidString).csv")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let replay = try Replay([file.path], start: KumikoNodeTests.start)
        #expect(replay.count == 30 && replay.begin == Timestamp(seconds: 1_626_098_400))
        let node = try KumikoNode(
            KumikoNodeTests.configuration(replay.feeds), clock: .played(from: replay.begin, speed: 0),
            log: KumikoNodeTests.quiet)
        await replay.play(into: node)
        #expect(node.picture.count == 1)
        var callsign: Callsign?
        node.picture.snapshot().forEach { callsign = $0.callsign?.value }
        #expect(callsign == Callsign("BOX413"))
    }

    @Test("a file that is no recording is refused with its name")
    func refused() {
        let error = #expect(throws: Replay.Failure.self) {
            _ = try Replay([ConfigurationTests.example.path], start: KumikoNodeTests.start)
        }
        #expect(error?.description.contains("kumiko.example.yaml") == true)
    }
}
