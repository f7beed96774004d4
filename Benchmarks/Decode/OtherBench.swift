import Air
import BenchSupport
import Foundation
import SensorFormats

/// How fast AIS sentences, Remote ID and SAPIENT messages become fields and plots, on one core.
enum OtherBench {
    static func run() throws {
        let sentences = Self.sentences()
        let count = sentences.reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
        let receivedAt = Timestamp(seconds: 1_700_000_000)
        let fields = measure {
            var receiver = AISReceiver()
            receiver.read(sentences.span, isWhole: true, problem: { _ in }) { consume($0.message.mmsi.rawValue) }
        }
        var reports: [SensorReport] = []
        let plots = measure {
            var decoder = AISDecoder(sensor: SensorID(sac: 0, sic: 1))
            var problems: [AISProblem] = []
            decoder.decode(sentences.span, receivedAt: receivedAt, into: &reports, problems: &problems)
            reports.removeAll(keepingCapacity: true)
        }
        let json = measure {
            _ = try? decodeAISToJSONLines(sentences.span, sink: { consume($0.count) })
        }
        let packs = Self.packs()
        let drones = measure {
            var decoder = RemoteIDDecoder(sensor: SensorID(sac: 0, sic: 2))
            var problems: [RemoteIDProblem] = []
            for (i, pack) in packs.enumerated() {
                decoder.decode(
                    pack.span, from: UInt64(i % 500), receivedAt: receivedAt, into: &reports, problems: &problems)
            }
            reports.removeAll(keepingCapacity: true)
        }
        var table = Table("AIS and Remote ID", "messages/s", "ns each", "MB/s")
        for (name, seconds, number, bytes) in [
            ("AIS sentences, fields", fields, count, sentences.count), ("AIS, plots", plots, count, sentences.count),
            ("AIS, JSON", json, count, sentences.count),
            ("Remote ID packs, plots", drones, packs.count, packs.reduce(0) { $0 + $1.count }),
        ] {
            table.add(
                name, text(Double(number) / seconds), text(seconds / Double(number) * 1e9),
                text(Double(bytes) / 1e6 / seconds))
        }
        table.print()
    }

    /// 50,000 positions of class A and B ships, one sentence each.
    private static func sentences() -> [UInt8] {
        var bytes: [UInt8] = []
        for i in 0..<50_000 {
            let mmsi = MMSI(UInt32(431_000_000 + i % 2000))
            let latitude = Int32(20_000_000 + i * 7)
            let longitude = Int32(80_000_000 + i * 11)
            if i % 4 == 0 {
                var body = AISClassBPosition()
                (body.latitudeRaw, body.longitudeRaw, body.speedRaw, body.courseRaw) = (latitude, longitude, 90, 1234)
                AISMessage(type: 18, mmsi: mmsi, body: .classBPosition(body))
                    .appendSentences(to: &bytes, channel: UInt8(ascii: "B"))
            } else {
                var body = AISPositionReport()
                (body.latitudeRaw, body.longitudeRaw, body.speedRaw, body.courseRaw) = (latitude, longitude, 150, 900)
                body.second = UInt8(i % 60)
                AISMessage(type: 1, mmsi: mmsi, body: .position(body))
                    .appendSentences(to: &bytes, channel: UInt8(ascii: "A"))
            }
        }
        return bytes
    }

    /// 20,000 packs of basic ID and location.
    private static func packs() -> [[UInt8]] {
        (0..<20_000).compactMap { i in
            let text = Array("1581F\(100_000 + i % 500)".utf8)
            guard let identifier = UASIdentifier(.serialNumber, text.span) else { return nil }
            var body = RemoteIDLocation()
            body.position = (35.5 + Double(i) * 1e-6, 139.5)
            body.speedMetresPerSecond = 12
            body.directionDegrees = Double(i % 360)
            let messages = [
                RemoteIDMessage(.basicID(RemoteIDBasicID(identifier, aircraftType: 2))),
                RemoteIDMessage(.location(body)),
            ]
            return RemoteIDPack(messages)?.bytes
        }
    }
}
