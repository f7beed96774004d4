import BenchSupport
import Foundation
import SensorFormats

/// How fast typed fields become octets again, on one core.
enum EncodeBench {
    private static let recordings = [
        ("048", "bcn_20230502_0809_cat048.ast", "6"), ("062", "jade_cat062_30min.ff", "4"),
        ("062 + 065", "jade_cat062_065_30min.ff", "4"), ("021 (2.x)", "alicante_adsb_cat021v24.ast", ""),
        ("020", "lebl_20160510_mlat_cat020.ast", ""), ("010", "lebl_20160510_mlat_cat010.ast", ""),
        ("034 + 048", "ar_cba_010626.pcap", ""),
    ]
    /// How many records are encoded again and again: few enough for the cache, enough to differ.
    private static let sampleMax = 1000

    static func run() {
        guard let data = Recordings.folder else {
            say("  The recordings (../shared/data/asterix) are not here: nothing to encode.\n")
            return
        }
        var table = Table(
            "ASTERIX from fields", "records", "bytes/record", "fields/record", "records/s", "MB/s",
            "goal, millions/s")
        for (name, file, goal) in self.recordings {
            guard let content = FileManager.default.contents(atPath: "\(data)/asterix/\(file)") else { continue }
            let bytes = [UInt8](content)
            guard let sample = self.sample(bytes, name: file), !sample.isEmpty else { continue }
            var encoder = AsterixEncoder(blockMax: 1400)
            var failed = 0
            func pass() {
                encoder.clear()
                for record in sample {
                    do { try encoder.append(record.fields, bytes.span) } catch { failed += 1 }
                }
            }
            pass()
            let size = encoder.count
            let seconds = measure(pass)
            let records = Double(sample.count)
            let fields = sample.reduce(0) { $0 + $1.fields.count }
            table.add(
                name, text(sample.count), text(Double(size) / records), text(Double(fields) / records),
                text(records / seconds), text(Double(size) / 1e6 / seconds), goal)
            if failed > 0 { say("  \(name): \(failed) records could not be encoded") }
        }
        table.print()
    }

    private final class Record {
        let fields: AsterixFields

        init(_ fields: borrowing AsterixFields) { self.fields = AsterixFields(copying: fields) }
    }

    /// The first records of a recording.
    private static func sample(_ bytes: [UInt8], name: String) -> [Record]? {
        guard let format = RecordingFormat.detect(bytes.span, name: name),
            var reader = DatagramReader(format: format)
        else { return nil }
        var decoder = AsterixFieldDecoder()
        var fields = AsterixFields()
        var sample: [Record] = []
        var problems: [AsterixProblem] = []
        while sample.count < self.sampleMax, let datagram = reader.next(in: bytes.span) {
            decoder.decode(bytes.span, range: datagram.range, into: &fields, problems: &problems)
            for index in 0..<fields.recordCount {
                fields.select(index)
                sample.append(Record(fields))
            }
        }
        return sample
    }
}
