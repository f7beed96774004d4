import Air
import Foundation
import Geodesy
import SensorFormats
import Testing
import Transport

@testable import Node

/// What comes to a UDP port of this machine.
private final class Listener: Sendable {
    let queue = IngestQueue()
    let receiver: DatagramReceiver

    init() async throws {
        self.receiver = try await DatagramReceiver.bind(
            DatagramReceiver.Configuration(feed: 0, endpoint: Endpoint(host: "127.0.0.1", port: 0)), to: self.queue,
            clock: { 0 })
    }

    var destination: Configuration.Destination {
        Configuration.Destination(host: "127.0.0.1", port: self.receiver.localEndpoint.port)
    }

    /// Decodes what comes until `enough` says so.
    func plots(at now: Timestamp, until enough: ([Plot], AsterixTally) -> Bool) async -> ([Plot], AsterixTally) {
        var decoder = AsterixDecoder()
        var plots: [Plot] = []
        var batch = self.queue.makeBatch()
        while !enough(plots, decoder.tally), await self.queue.take(&batch) {
            var reports: [SensorReport] = []
            var problems: [AsterixProblem] = []
            batch.forEach { _, bytes in
                decoder.decode(bytes, receivedAt: now, into: &reports, problems: &problems)
            }
            #expect(problems.isEmpty)
            plots += reports.compactMap { if case .plot(let plot) = $0 { plot } else { nil } }
        }
        return (plots, decoder.tally)
    }
}

@Suite("Outlets") struct OutletTests {
    private static let system = SensorID(sac: 210, sic: 99)

    private static func track(_ id: UInt32) -> Track {
        let at = KumikoNodeTests.start
        var track = Track(
            id: TrackID(id), status: .confirmed, measuredAt: at, receivedAt: at,
            position: Geodetic(latitudeDegrees: 36, longitudeDegrees: 140, height: 10_000))
        track.address = Track.Aged(ICAOAddress(0x84_0000 + id), at: at)
        track.contribute(sensor: KumikoNodeTests.radar.id, measuredAt: at)
        return track
    }

    private static func node(_ outlet: Configuration.Outlet.Kind, feeds: [Configuration.Feed] = []) throws -> KumikoNode
    {
        var configuration = KumikoNodeTests.configuration(feeds)
        configuration.realm = .live
        configuration.outlets = [Configuration.Outlet(name: "out", kind: outlet)]
        return try KumikoNode(
            configuration, clock: .played(from: KumikoNodeTests.start, speed: 0), log: KumikoNodeTests.quiet)
    }

    private static func figure(_ node: KumikoNode, _ name: String) -> Double {
        node.metrics.filter { $0.name == name && $0.labels.contains { $0.value == "out" } }.reduce(0) { $0 + $1.value }
    }

    @Test(
        "the picture is told as ASTERIX 062, with sensors and service, and an end is told too", .timeLimit(.minutes(2)))
    func tracks() async throws {
        let listener = try await Listener()
        let node = try Self.node(
            .tracks(Configuration.TrackOutlet(destination: listener.destination, source: Self.system, period: 0.05)))
        try await node.open()
        let running = Task { try await node.run() }
        node.picture.apply((1...100).map { .updated(Self.track($0)) })
        let (plots, tally) = await listener.plots(at: KumikoNodeTests.start) { plots, tally in
            plots.count >= 100 && tally.records[63] > 0 && tally.records[65] > 0
        }
        #expect(plots.allSatisfy { $0.kind == .systemTrack && $0.sensor == Self.system })
        #expect(Set(plots.compactMap(\.identity.address)).count == 100)
        #expect(Set(plots.compactMap(\.sensorTrackNumber)).count == 100)
        #expect(tally.records[63] >= 1)
        node.picture.apply([.dropped(TrackID(7), at: KumikoNodeTests.start)])
        let (_, after) = await listener.plots(at: KumikoNodeTests.start) { $1.trackEnds > 0 }
        #expect(after.trackEnds == 1)
        #expect(Self.figure(node, "kumiko_outlet_tracks") == 99)
        #expect(Self.figure(node, "kumiko_outlet_sent_total") > 0)
        #expect(Self.figure(node, "kumiko_outlet_dropped_total") == 0)
        running.cancel()
        try await running.value
        await listener.receiver.close()
    }

    @Test("ADS-B plots go on as ASTERIX 021; a radar's and a ship's do not", .timeLimit(.minutes(2)))
    func plots() async throws {
        let listener = try await Listener()
        let node = try Self.node(.plots(listener.destination), feeds: [KumikoNodeTests.injected])
        try await node.open()
        let running = Task { try await node.run() }
        let now = KumikoNodeTests.start
        var plot = Plot(
            sensor: SensorID(sac: 1, sic: 200), measuredAt: now, receivedAt: now, kind: .broadcast,
            measurement: .geodetic(latitude: 0.6, longitude: 2.4, deviation: 10),
            identity: Identity(address: ICAOAddress(0x84_0001)))
        var writer = AsterixWriter()
        writer.append(.plot(plot))
        plot.sensor = KumikoNodeTests.radar.id
        plot.kind = .modeS
        plot.measurement = .polar(range: 50_000, azimuth: 1, elevation: nil)
        writer.append(.plot(plot))
        var datagrams: [[UInt8]] = []
        writer.takeDatagrams { _, bytes in datagrams.append(bytes.indices.map { bytes[$0] }) }
        for datagram in datagrams { await node.inject(datagram, into: 0, receivedAt: now) }
        plot.kind = .broadcast
        plot.measurement = .geodetic(latitude: 0.6, longitude: 2.4, deviation: 10)
        plot.subject = .vessel
        node.outlets.offer(
            FeedGoods(feed: "in", reports: [.plot(plot)], frames: MessageRun(), lines: MessageRun()), at: now)
        let (plots, tally) = await listener.plots(at: now) { plots, _ in !plots.isEmpty }
        #expect(plots.map(\.kind) == [.broadcast] && plots.map(\.sensor) == [SensorID(sac: 1, sic: 200)])
        #expect(tally.records[21] == 1 && tally.records[48] == 0)
        #expect(Self.figure(node, "kumiko_outlet_plots_total") == 1)
        running.cancel()
        try await running.value
        await listener.receiver.close()
    }

    /// A frame of an identification, as a Beast receiver gives it out.
    private static let frame: [UInt8] =
        [0x1A, 0x33, 0, 0, 0, 0, 0, 0, 0x40]
        + [0x8D, 0x48, 0x40, 0xD6, 0x20, 0x2C, 0xC3, 0x71, 0xC3, 0x2C, 0xE0, 0x57, 0x60, 0x98]

    private static let beast = Configuration.Feed(
        name: "b", source: .injected, format: .beast(receiver: SensorID(sac: 0, sic: 1)))

    /// Reads from a TCP port until `enough` says so.
    private static func read(
        _ address: String, until enough: @escaping @Sendable ([UInt8]) -> Bool, whenConnected: () async -> Void
    ) async throws -> [UInt8] {
        let endpoint = try #require(Endpoint(address))
        let queue = IngestQueue()
        let client = StreamClient(StreamClient.Configuration(feed: 0, endpoint: endpoint), to: queue, clock: { 0 })
        let running = Task { await client.run() }
        while client.status.connections == 0 { try await Task.sleep(for: .milliseconds(5)) }
        await whenConnected()
        var bytes: [UInt8] = []
        var batch = queue.makeBatch()
        while !enough(bytes), await queue.take(&batch) {
            batch.forEach { _, piece in for index in piece.indices { bytes.append(piece[index]) } }
        }
        running.cancel()
        await running.value
        return bytes
    }

    @Test("frames go on to whoever connects, byte for byte as Beast", .timeLimit(.minutes(2)))
    func beast() async throws {
        let node = try Self.node(
            .frames(Configuration.FrameOutlet(form: .beast, host: "127.0.0.1", port: 0)), feeds: [Self.beast])
        try await node.open()
        let running = Task { try await node.run() }
        let address = try #require(node.address(ofOutlet: 0))
        let got = try await Self.read(address, until: { $0.count >= 2 * Self.frame.count }) {
            while Self.figure(node, "kumiko_outlet_readers") == 0 { await Task.yield() }
            for _ in 0..<2 { await node.inject(Self.frame, into: 0, receivedAt: KumikoNodeTests.start) }
        }
        #expect(got == Self.frame + Self.frame)
        running.cancel()
        try await running.value
    }

    @Test("what frames say goes on as BaseStation lines", .timeLimit(.minutes(2)))
    func sbs() async throws {
        let node = try Self.node(
            .frames(Configuration.FrameOutlet(form: .sbs, host: "127.0.0.1", port: 0)), feeds: [Self.beast])
        try await node.open()
        let running = Task { try await node.run() }
        let address = try #require(node.address(ofOutlet: 0))
        let got = try await Self.read(address, until: { $0.last == 10 }) {
            while Self.figure(node, "kumiko_outlet_readers") == 0 { await Task.yield() }
            await node.inject(Self.frame, into: 0, receivedAt: KumikoNodeTests.start)
        }
        let line = String(decoding: got, as: UTF8.self)
        #expect(line.hasPrefix("MSG,1,1,1,4840D6,1,") && line.contains("KLM1023") && line.hasSuffix("\r\n"), "\(line)")
        var json = JSONWriter(capacity: 1024)
        #expect(node.writeAircraft(ofFeed: "b", to: &json) && !node.writeAircraft(ofFeed: "c", to: &json))
        running.cancel()
        try await running.value
    }
}

@Suite("Feeds of every format") struct FormatTests {
    private static let receiver = SensorID(sac: 0, sic: 1)

    private static func decoder(_ format: Configuration.FeedFormat, _ source: Configuration.Source = .injected)
        -> FeedDecoder
    {
        FeedDecoder(Configuration.Feed(name: "f", source: source, format: format), sensors: [])
    }

    private static func plots(_ decoded: Decoded) -> [Plot] {
        decoded.reports.compactMap { if case .plot(let plot) = $0 { plot } else { nil } }
    }

    private func take(
        _ decoder: inout FeedDecoder, _ bytes: [UInt8], slot: UInt16 = 0, connection: UInt32 = 1, sequence: UInt32 = 0,
        into decoded: inout Decoded
    ) {
        decoder.decode(
            bytes.span,
            of: IngestItem(
                feed: 0, slot: slot, connection: connection, sequence: sequence,
                receivedAt: KumikoNodeTests.start.nanoseconds), into: &decoded)
    }

    @Test("a transmission that two receivers of a feed heard is decoded once")
    func merged() {
        let addresses = [Configuration.Address(host: "a", port: 1), Configuration.Address(host: "b", port: 1)]
        var decoder = Self.decoder(.avr(receiver: Self.receiver), .connections(addresses))
        var decoded = Decoded(wants: Decoded.Wants(frames: true))
        for slot in 0..<2 as Range<UInt16> {
            self.take(&decoder, Array("*8D4840D6202CC371C32CE0576098;\n".utf8), slot: slot, into: &decoded)
        }
        let figures = decoder.metrics(FeedLabel(feed: "f"))
        #expect(figures.first { $0.name == "kumiko_feed_messages_total" }?.value == 1)
        #expect(figures.first { $0.name == "kumiko_feed_copies_total" }?.value == 1)
        #expect(decoded.frames.count == 1)
    }

    @Test("an AIS sentence in a datagram is a vessel's plot; one cut in two by a stream too")
    func ais() {
        let line = Array("!AIVDM,1,1,,A,15N1u<PP1FJuvSRHOE6QIwwh0HQ6,0*30\r\n".utf8)
        var datagrams = Self.decoder(
            .ais(receiver: Self.receiver), .datagrams(host: "", port: 0, group: nil, interface: nil))
        var decoded = Decoded()
        self.take(&datagrams, line.dropLast(2), into: &decoded)
        #expect(Self.plots(decoded).map(\.subject) == [.vessel])
        var stream = Self.decoder(.ais(receiver: Self.receiver))
        var pieces = Decoded()
        self.take(&stream, Array(line.prefix(20)), into: &pieces)
        self.take(&stream, Array(line.dropFirst(20)), sequence: 1, into: &pieces)
        #expect(Self.plots(pieces).count == 1)
        // What came by a connection that broke is not joined to the next one's bytes.
        self.take(&stream, Array(line.prefix(20)), sequence: 2, into: &pieces)
        self.take(&stream, Array(line.dropFirst(20)), connection: 2, into: &pieces)
        #expect(Self.plots(pieces).count == 1)
    }

    @Test("a BaseStation position is a plot")
    func baseStation() {
        var decoder = Self.decoder(.sbs(receiver: Self.receiver))
        var decoded = Decoded()
        let line =
            "MSG,3,1,1,4840D6,1,2026/11/21,00:00:00.000,2026/11/21,00:00:00.000,,37000,,,52.25720,3.91937,,,0,0,0,0\r\n"
        self.take(&decoder, Array(line.utf8), into: &decoded)
        #expect(Self.plots(decoded).map(\.identity.address) == [ICAOAddress(0x48_40D6)])
    }

    @Test("damaged datagrams of Remote ID and SAPIENT are counted, and a stranger is told to register first")
    func damaged() {
        var remote = Self.decoder(.remoteID(receiver: Self.receiver, framing: .message))
        var decoded = Decoded()
        self.take(&remote, [1, 2, 3], into: &decoded)
        let unused = remote.metrics(FeedLabel(feed: "f")).filter { $0.name == "kumiko_feed_unused_total" }
        #expect(unused.reduce(0) { $0 + $1.value } == 1)
        var sapient = Self.decoder(
            .sapient(sensor: Self.receiver, nodeID: "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"))
        self.take(&sapient, [3, 0, 0, 0, 0xFF, 0xFF, 0xFF], into: &decoded)
        #expect(decoded.reports.isEmpty && decoded.answers.count == 1)
        #expect(decoded.answers.first?.isLast == false)
        self.take(&sapient, [0xFF, 0xFF, 0xFF, 0xFF], sequence: 1, into: &decoded)
        #expect(decoded.answers.last?.isLast == true)
    }
}
