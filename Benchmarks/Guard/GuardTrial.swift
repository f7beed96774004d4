package import Air
package import Exercises
import Foundation
import Geodesy
package import Plausibility
import SensorFormats
import Tracking

/// Attacks and honest recordings on which the rules of plausibility are tried, for the benchmark and the tests.
package enum GuardTrial {
    /// An exercise that is attacked from the fifth minute on.
    package static func score(
        _ kind: Deception.Kind, seed: UInt64, aircraftCount: Int = 1000, duration: Double = 300
    ) -> DeceptionScore {
        let start = Timestamp(nanoseconds: 1_795_266_000_000_000_000)
        var scenario = Scenario(Scenario.Configuration(seed: seed, aircraftCount: aircraftCount, start: start))
        var deception = Deception(
            .init(kind: kind, seed: seed, begin: start.advanced(by: 240), duration: duration, sensors: scenario.sensors)
        )
        var watch = PlausibilityGuard(sensors: scenario.sensors)
        var tracker = Tracker(sensors: scenario.sensors)
        var score = DeceptionScore(rule: kind.rule)
        var ghosts: Set<ICAOAddress> = []
        var reports: [SensorReport] = []
        var items: [Deception.Item] = []
        var changes: [TrackChange] = []
        for second in 1...Int(240 + duration) {
            let now = start.advanced(by: Double(second))
            scenario.next(until: now, into: &reports)
            deception.apply(reports, until: now, into: &items)
            reports.removeAll(keepingCapacity: true)
            for item in items { reports.append(item.report) }
            watch.judge(&reports)
            for (item, report) in zip(items, reports) {
                guard case .plot(let plot) = report else { continue }
                if kind != .ghosts { score.note(plot.doubts, of: item.subject, at: plot.receivedAt) }
                if kind == .ghosts, item.subject != nil, let address = plot.identity.address { ghosts.insert(address) }
            }
            if kind == .ghosts {
                tracker.process(reports.span, now: now, into: &changes)
                watch.judge(&changes, now: now)
                for case .updated(let track) in changes {
                    let address = track.address?.value
                    let subject = address.flatMap { ghosts.contains($0) ? Deception.Subject.aircraft($0) : nil }
                    score.note(track.doubts, of: subject, at: now)
                }
                changes.removeAll(keepingCapacity: true)
            }
            reports.removeAll(keepingCapacity: true)
            items.removeAll(keepingCapacity: true)
        }
        return score
    }
}

/// A recording in which nobody attacks, with the sites of its sensors where they are known.
package struct HonestRecording: Sendable {
    package var name: String
    var file: String
    var start: Double
    var sensors: [Sensor] = []
    /// Rules that it breaks in truth.
    package var broken: Doubts = []

    package static let all = [
        HonestRecording(
            name: "Barcelona, radar (048)", file: "asterix/bcn_20230502_0809_cat048.ast", start: 1_683_014_400,
            sensors: [
                Sensor(
                    id: SensorID(sac: 20, sic: 129), name: "Barcelona",
                    site: Geodetic(latitudeDegrees: 41.3007, longitudeDegrees: 2.1021, height: 27 + 50),
                    kind: .radar(period: 4))
            ]),
        HonestRecording(
            name: "Barcelona, ADS-B (021)", file: "asterix/lebl_20160510_adsb_cat021v023.ast", start: 1_462_917_600,
            sensors: [
                Sensor(
                    id: SensorID(sac: 0, sic: 107), name: "Barcelona",
                    site: Geodetic(latitudeDegrees: 41.297, longitudeDegrees: 2.0785, height: 60), kind: .receiver,
                    primary: nil, secondary: nil)
            ]),
        HonestRecording(
            name: "Alicante, ADS-B (021)", file: "asterix/alicante_adsb_cat021v24.ast", start: 1_683_014_400),
        HonestRecording(name: "Rome, tracks (062)", file: "asterix/jade_cat062_065_30min.ff", start: 1_483_279_200),
        HonestRecording(name: "Baltic, tracks (062)", file: "asterix/jade_cat062_30min.ff", start: 1_483_279_200),
        HonestRecording(name: "Argentina, radar (048)", file: "asterix/ar_UIS.pcap", start: 1_777_480_000),
        HonestRecording(name: "Argentina, radar (048) 2", file: "asterix/ar_cba_010626.pcap", start: 1_780_320_000),
        // Two pieces in one file: the second begins 80 s before the end of the first.
        HonestRecording(
            name: "Jahorina, radar (048)", file: "asterix/jahorina.raw", start: 1_483_279_200,
            broken: [.timeReversed, .replay]),
        HonestRecording(name: "long flight (Mode S)", file: "modes/rs1090_long_flight.csv.gz", start: 0),
    ]

    /// What a guard counts over it; nil if the file is not there.
    package func judged(in folder: String) throws -> PlausibilityTally? {
        guard var reports = try self.reports(in: folder) else { return nil }
        var watch = PlausibilityGuard(sensors: self.sensors)
        // Radars that tell where they stand.
        for case .status(let status) in reports {
            guard let site = status.site else { continue }
            watch.setSensor(Sensor(id: status.sensor, name: "", site: site, kind: .radar(period: 5)))
        }
        watch.judge(&reports)
        return watch.tally
    }

    /// Its reports; nil if the file is not there.
    private func reports(in folder: String) throws -> [SensorReport]? {
        let path = folder + "/" + self.file
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        var reports: [SensorReport] = []
        if self.file.hasSuffix(".gz") {
            let lines = try unpacked(path)
            var decoder = ModeSDecoder(ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)))
            ModeSRecording.csv.read(lines.span, problem: { _ in }) { frame in
                decoder.decode(
                    frame.received.frame, isMultilaterated: frame.received.isMultilaterated,
                    receivedAt: frame.receivedAt ?? Timestamp(nanoseconds: 0), into: &reports)
            }
        } else {
            let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
            _ = try decodeAsterixToReports(
                bytes.span, name: self.file, start: Timestamp(seconds: self.start), body: { reports += $0 })
        }
        return reports
    }
}

/// A gzip file unpacked by `gzip -dc`.
private func unpacked(_ path: String) throws -> [UInt8] {
    let gzip = Process()
    gzip.executableURL = URL(filePath: "/bin/gzip")
    gzip.arguments = ["-dc", path]
    let pipe = Pipe()
    gzip.standardOutput = pipe
    try gzip.run()
    let bytes = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
    gzip.waitUntilExit()
    return bytes
}
