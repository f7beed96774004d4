import Air
import Allocations
import BenchSupport
import Exercises
import Foundation
import SensorFormats

/// How fast blocks of ASTERIX become fields, plots and text, on one core.
enum AsterixBench {
    /// Name, file, and the goals in millions of records a second: all leaf fields, JSON text.
    private static let recordings =
        [
            ("048", "bcn_20230502_0809_cat048.ast", 10, 1.5),
            ("021 (2.x)", "alicante_adsb_cat021v24.ast", 8, nil),
            ("021 (0.23)", "lebl_20160510_adsb_cat021v023.ast", nil, nil),
            ("062 + 065", "jade_cat062_065_30min.ff", 6, nil),
            ("062", "jade_cat062_30min.ff", 6, 1.5),
            ("034 + 048", "ar_cba_010626.pcap", 25, 3),
            ("034 + 048 (2)", "ar_UIS.pcap", 25, 3),
            ("020", "lebl_20160510_mlat_cat020.ast", nil, nil),
            ("010", "lebl_20160510_mlat_cat010.ast", 25, nil),
        ] as [(String, String, Double?, Double?)]

    private struct Recording {
        var name: String
        var bytes: [UInt8]
        var format: RecordingFormat
        var fieldsGoal: Double?
        var jsonGoal: Double?
        /// The datagrams in it and when they were received.
        var datagrams: [(range: Range<Int>, receivedAt: Timestamp)] = []

        init(_ name: String, _ bytes: [UInt8], _ format: RecordingFormat, goals: (Double?, Double?) = (nil, nil)) {
            self.name = name
            self.bytes = bytes
            self.format = format
            (self.fieldsGoal, self.jsonGoal) = goals
            guard var reader = DatagramReader(format: format) else { return }
            var clock = RecordingClock(start: Timestamp(nanoseconds: 1_700_000_000_000_000_000))
            while let datagram = reader.next(in: bytes.span) {
                self.datagrams.append((datagram.range, clock.time(of: datagram, in: bytes.span)))
            }
        }
    }

    static func run() {
        var recordings: [Recording] = []
        if let data = Recordings.folder {
            for (name, file, fieldsGoal, jsonGoal) in self.recordings {
                guard let content = FileManager.default.contents(atPath: "\(data)/asterix/\(file)") else { continue }
                let bytes = [UInt8](content)
                guard let format = RecordingFormat.detect(bytes.span, name: file) else { continue }
                recordings.append(Recording(name, bytes, format, goals: (fieldsGoal, jsonGoal)))
            }
        }
        if recordings.isEmpty {
            say("  The recordings (../shared/data/asterix) are not here: blocks of our own writer are decoded.\n")
            for (name, bytes) in self.written() { recordings.append(Recording(name, bytes, .asterix)) }
        }
        self.fields(recordings)
        var table = Table(
            "ASTERIX to", "records", "bytes/record", "plots: records/s", "MB/s", "of byte-by-byte", "of memcpy",
            "allocations", "JSON: records/s", "goal", "MB of text/s", "allocations")
        for recording in recordings {
            let megabytes = Double(recording.bytes.count) / 1e6
            let records = Double(self.recordCount(recording.bytes, recording.format))
            let plots = self.plots(recording)
            var length = 0
            let json = self.counted {
                length = 0
                _ = try? decodeAsterixToJSONLines(
                    recording.bytes.span, format: recording.format, sink: { length += $0.count }, problem: { _ in })
            }
            let (copy, sum) = self.limits(recording.bytes)
            table.add(
                recording.name, text(records), text(Double(recording.bytes.count) / max(records, 1), 0),
                text(records / plots.seconds), text(megabytes / plots.seconds),
                text(sum / plots.seconds * 100, 0) + "%", text(copy / plots.seconds * 100, 1) + "%",
                text(plots.allocations / records, 3), text(records / json.seconds),
                self.goal(recording.jsonGoal), text(Double(length) / 1e6 / json.seconds),
                text(json.allocations / records, 3))
        }
        table.print()
        say("  byte-by-byte: FNV-1a over the same bytes, one after the other; memcpy: the same bytes copied.")
        say("  allocations: blocks of memory asked of the heap, for each record, in a pass after the first.\n")
    }

    /// The view of all leaf fields.
    private static func fields(_ recordings: [Recording]) {
        var table = Table(
            "ASTERIX to all leaf fields", "records/s", "goal", "ns/record", "fields/record", "ns/field", "MB/s",
            "allocations")
        for recording in recordings {
            var decoder = AsterixFieldDecoder()
            for datagram in recording.datagrams.prefix(2000) {
                decoder.prime(recording.bytes.span, range: datagram.range)
            }
            var fields = AsterixFields()
            var problems: [AsterixProblem] = []
            var records = 0.0
            let pass = self.counted {
                records = 0
                for datagram in recording.datagrams {
                    decoder.decode(
                        recording.bytes.span, range: datagram.range, into: &fields, problems: &problems)
                    records += Double(fields.recordCount)
                }
                problems.removeAll(keepingCapacity: true)
            }
            var count = 0
            for datagram in recording.datagrams {
                decoder.decode(recording.bytes.span, range: datagram.range, into: &fields, problems: &problems)
                for index in 0..<fields.recordCount {
                    fields.select(index)
                    count += fields.count
                }
            }
            table.add(
                recording.name, text(records / pass.seconds), self.goal(recording.fieldsGoal),
                text(pass.seconds / records * 1e9, 1), text(Double(count) / records, 0),
                text(pass.seconds / Double(count) * 1e9, 2),
                text(Double(recording.bytes.count) / 1e6 / pass.seconds),
                text(pass.allocations / records, 3))
        }
        table.print()
    }

    private static func goal(_ millions: Double?) -> String { millions.map { text($0 * 1e6) } ?? "" }

    /// Seconds of a pass, and how many blocks of memory one asks of the heap after the first.
    private static func counted(_ pass: () -> Void) -> (seconds: Double, allocations: Double) {
        pass()
        let before = kumiko_allocations()
        pass()
        let allocations = kumiko_allocations() - before
        return (measure(pass), Double(allocations))
    }

    private static func recordCount(_ bytes: [UInt8], _ format: RecordingFormat) -> Int {
        let summary = try? decodeAsterixToJSONLines(bytes.span, format: format, sink: { _ in }, problem: { _ in })
        return summary?.tally.recordCount ?? 0
    }

    /// The plot view.
    private static func plots(_ recording: Recording) -> (seconds: Double, allocations: Double) {
        var decoder = AsterixDecoder()
        for datagram in recording.datagrams.prefix(2000) {
            decoder.prime(recording.bytes.span, range: datagram.range)
        }
        var reports: [SensorReport] = []
        var problems: [AsterixProblem] = []
        return self.counted {
            for datagram in recording.datagrams {
                decoder.decode(
                    recording.bytes.span, range: datagram.range, receivedAt: datagram.receivedAt, into: &reports,
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
