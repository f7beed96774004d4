import Air
import BenchSupport
import Exercises
import Foundation
import SensorFormats

/// How fast blocks of ASTERIX become plots and text, on one core.
enum AsterixBench {
    private static let recordings = [
        ("048", "bcn_20230502_0809_cat048.ast"),
        ("021 (2.x)", "alicante_adsb_cat021v24.ast"),
        ("021 (0.23)", "lebl_20160510_adsb_cat021v023.ast"),
        ("062 + 065", "jade_cat062_065_30min.ff"),
        ("062", "jade_cat062_30min.ff"),
        ("034 + 048", "ar_cba_010626.pcap"),
        ("034 + 048 (2)", "ar_UIS.pcap"),
        ("020", "lebl_20160510_mlat_cat020.ast"),
    ]

    static func run() {
        var files: [(name: String, bytes: [UInt8], format: RecordingFormat)] = []
        if let data = Recordings.folder {
            for (name, file) in self.recordings {
                guard let content = FileManager.default.contents(atPath: "\(data)/asterix/\(file)") else { continue }
                let bytes = [UInt8](content)
                guard let format = RecordingFormat.detect(bytes.span, name: file) else { continue }
                files.append((name, bytes, format))
            }
        }
        if files.isEmpty {
            say("  The recordings (../shared/data/asterix) are not here: blocks of our own writer are decoded.\n")
            for (name, bytes) in self.written() { files.append((name, bytes, .asterix)) }
        }
        var table = Table(
            "ASTERIX", "records", "bytes/record", "plots: records/s", "MB/s", "of byte-by-byte", "of memcpy",
            "JSON: records/s", "MB/s", "goal")
        for file in files {
            let megabytes = Double(file.bytes.count) / 1e6
            let records = self.recordCount(file.bytes, file.format)
            let plots = self.plots(file.bytes, file.format)
            let json = measure {
                _ = try? decodeAsterixToJSONLines(
                    file.bytes.span, format: file.format, sink: { consume($0.count) }, problem: { _ in })
            }
            let (copy, sum) = self.limits(file.bytes)
            table.add(
                file.name, text(records), text(Double(file.bytes.count) / Double(max(records, 1)), 0),
                text(Double(records) / plots), text(megabytes / plots), text(sum / plots * 100, 0) + "%",
                text(copy / plots * 100, 1) + "%", text(Double(records) / json), text(megabytes / json),
                "millions/s")
        }
        table.print()
        say("  byte-by-byte: FNV-1a over the same bytes, one after the other; memcpy: the same bytes copied.\n")
    }

    private static func recordCount(_ bytes: [UInt8], _ format: RecordingFormat) -> Int {
        let summary = try? decodeAsterixToJSONLines(bytes.span, format: format, sink: { _ in }, problem: { _ in })
        return summary?.tally.recordCount ?? 0
    }

    /// Seconds of one pass of the plot view.
    private static func plots(_ bytes: [UInt8], _ format: RecordingFormat) -> Double {
        guard var reader = DatagramReader(format: format) else { return .infinity }
        var clock = RecordingClock(start: Timestamp(nanoseconds: 1_700_000_000_000_000_000))
        var datagrams: [(range: Range<Int>, receivedAt: Timestamp)] = []
        while let datagram = reader.next(in: bytes.span) {
            datagrams.append((datagram.range, clock.time(of: datagram, in: bytes.span)))
        }
        var decoder = AsterixDecoder()
        for datagram in datagrams.prefix(2000) { decoder.prime(bytes.span, range: datagram.range) }
        var reports: [SensorReport] = []
        var problems: [AsterixProblem] = []
        return measure {
            for datagram in datagrams {
                decoder.decode(
                    bytes.span, range: datagram.range, receivedAt: datagram.receivedAt, into: &reports,
                    problems: &problems)
                if reports.count > 1000 { reports.removeAll(keepingCapacity: true) }
            }
            problems.removeAll(keepingCapacity: true)
        }
    }

    /// Seconds to copy the bytes, and to look at each once.
    private static func limits(_ bytes: [UInt8]) -> (copy: Double, sum: Double) {
        var target = [UInt8](repeating: 0, count: bytes.count)
        let copy = measure {
            unsafe target.withUnsafeMutableBytes { target in
                unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
            }
            consume(target.count)
        }
        let sum = measure {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            consume(hash)
        }
        return (copy, sum)
    }

    /// A minute of a scenario as our writer writes it: radars and receivers apart.
    private static func written() -> [(String, [UInt8])] {
        let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
        var scenario = Scenario(Scenario.Configuration(seed: 1, aircraftCount: 300, start: start))
        var reports: [SensorReport] = []
        scenario.next(until: start.advanced(by: 60), into: &reports)
        func bytes(_ isWanted: (SensorReport) -> Bool) -> [UInt8] {
            var writer = AsterixWriter()
            for report in reports where isWanted(report) { writer.append(report) }
            var bytes: [UInt8] = []
            writer.takeDatagrams { _, datagram in for index in datagram.indices { bytes.append(datagram[index]) } }
            return bytes
        }
        func isBroadcast(_ report: SensorReport) -> Bool {
            if case .plot(let plot) = report { plot.kind == .broadcast } else { false }
        }
        return [("034 + 048", bytes { !isBroadcast($0) }), ("021 (2.x)", bytes(isBroadcast))]
    }
}
