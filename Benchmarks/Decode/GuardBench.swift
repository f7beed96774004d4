import Air
import BenchSupport
import Exercises
import Foundation
import Geodesy
import Plausibility
import SensorFormats
import Tracking

/// How fast plots are judged, what attacks the rules find, and what they say of honest recordings.
enum GuardBench {
    static func run() throws {
        self.speed()
        try self.recordings()
    }

    /// Each attack of the exercises, found by its rule.
    static func attacks() {
        var table = Table(
            "Attacks", "rule", "attacked", "found", "median s", "honest plots", "marked by it", "by any rule")
        for kind in Deception.Kind.allCases {
            let score = self.score(kind, seed: 3)
            table.add(
                kind.rawValue, kind.rule.name, text(score.attacked), text(score.detectionRate * 100, 1) + "%",
                score.medianDelay.map { text($0, 1) } ?? "–", text(score.honest),
                text(score.falseMarkRate * 100, 4) + "%",
                text(Double(score.honestMarkedByAny) / Double(max(score.honest, 1)) * 100, 4) + "%")
        }
        table.print()
    }

    /// Nine minutes of an exercise, attacked from the fifth on.
    static func score(_ kind: Deception.Kind, seed: UInt64) -> DeceptionScore {
        let start = Timestamp(nanoseconds: 1_795_266_000_000_000_000)
        var scenario = Scenario(Scenario.Configuration(seed: seed, aircraftCount: 1000, start: start))
        var deception = Deception(
            .init(kind: kind, seed: seed, begin: start.advanced(by: 240), sensors: scenario.sensors))
        var watch = PlausibilityGuard(sensors: scenario.sensors)
        var tracker = Tracker(sensors: scenario.sensors)
        var score = DeceptionScore(rule: kind.rule)
        var ghosts: Set<ICAOAddress> = []
        var reports: [SensorReport] = []
        var items: [Deception.Item] = []
        var changes: [TrackChange] = []
        for second in 1...540 {
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

    /// Plots a second.
    private static func speed() {
        let start = Timestamp(nanoseconds: 1_795_266_000_000_000_000)
        var table = Table("Judging", "reports", "plots", "ns a plot", "plots/s", "goal")
        for count in [300, 3000] {
            var scenario = Scenario(Scenario.Configuration(seed: 1, aircraftCount: count, start: start))
            let sensors = scenario.sensors
            var reports: [SensorReport] = []
            scenario.next(until: start.advanced(by: count < 1000 ? 120 : 60), into: &reports)
            let plots = reports.count { if case .plot = $0 { true } else { false } }
            // A fresh guard for each pass, or it would all be a replay; to make one is not counted.
            var results: [Double] = []
            for _ in 0..<5 {
                var (spent, passes) = (0.0, 0.0)
                while spent < 0.3 {
                    var watch = PlausibilityGuard(sensors: sensors)
                    let begin = Machine.threadTime
                    watch.judge(&reports)
                    spent += Machine.threadTime - begin
                    passes += 1
                    consume(watch.tally)
                }
                results.append(spent / passes)
            }
            let each = results.sorted()[2] / Double(plots)
            table.add(
                "\(count) aircraft, 18 sensors", text(reports.count), text(plots), text(each * 1e9), text(1 / each),
                "2 millions/s")
        }
        table.print()
    }

    /// What the rules say of recordings in which nobody attacks, as far as is known.
    private static func recordings() throws {
        guard let folder = Recordings.folder else {
            say("  The recordings (../shared/data) are not here: the rates on honest ones are not shown.\n")
            return
        }
        var table = Table("Honest recordings", "plots", "marked", "share", "by rule")
        for recording in HonestRecording.all {
            guard let reports = try recording.reports(in: folder) else { continue }
            var judged = reports
            var watch = PlausibilityGuard(sensors: recording.sensors)
            // Radars that tell where they stand.
            for case .status(let status) in reports {
                guard let site = status.site else { continue }
                watch.setSensor(Sensor(id: status.sensor, name: "", site: site, kind: .radar(period: 5)))
            }
            watch.judge(&judged)
            let tally = watch.tally
            let rules = Doubt.allCases.filter { tally[$0] > 0 }.map { "\($0.name) \(tally[$0])" }
            table.add(
                recording.name, text(tally.plots), text(tally.marked),
                text(Double(tally.marked) / Double(max(tally.plots, 1)) * 100, 3) + "%", rules.joined(separator: ", "))
        }
        table.print()
    }
}

/// A recording in which nobody attacks, with the sites of its sensors where they are known.
struct HonestRecording {
    var name: String
    var file: String
    var start: Double
    var sensors: [Sensor] = []

    static let all = [
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
        HonestRecording(name: "JADE, tracks (062)", file: "asterix/jade_cat062_30min.ff", start: 1_483_279_200),
        HonestRecording(name: "Argentina, radar (048)", file: "asterix/ar_UIS.pcap", start: 1_777_480_000),
        HonestRecording(name: "Argentina, radar (048) 2", file: "asterix/ar_cba_010626.pcap", start: 1_780_320_000),
        HonestRecording(name: "Argentina, tracks (062)", file: "asterix/ar_fds260429.pcap", start: 1_777_480_000),
        HonestRecording(name: "long flight (Mode S)", file: "modes/rs1090_long_flight.csv.gz", start: 0),
    ]

    /// Its reports; nil if the file is not there.
    func reports(in folder: String) throws -> [SensorReport]? {
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
func unpacked(_ path: String) throws -> [UInt8] {
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
