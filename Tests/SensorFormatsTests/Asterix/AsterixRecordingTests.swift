import Air
import Geodesy
import Testing

@testable import SensorFormats

/// Records by category, as others counted them (libasterix, and the recordings' own descriptions).
struct Counted: Sendable, CustomTestStringConvertible {
    var name: String
    var format: RecordingFormat
    var records: [UInt8: Int]

    init(_ name: String, _ format: RecordingFormat, _ records: [UInt8: Int]) {
        self.name = name
        self.format = format
        self.records = records
    }

    var testDescription: String { self.name }

    static let all = [
        Counted("bcn_20230502_0809_cat048.ast", .asterix, [48: 44_085]),
        Counted("alicante_adsb_cat021v24.ast", .asterix, [21: 20_090]),
        Counted("lebl_20160510_adsb_cat021v023.ast", .asterix, [21: 49_330]),
        Counted("jade_cat062_065_30min.ff", .final, [62: 22_396, 63: 5772, 65: 6057]),
        Counted("jade_cat062_30min.ff", .final, [62: 34_957]),
        Counted("ar_UIS.pcap", .pcap, [34: 5936, 48: 1640]),
        Counted("ar_cba_010626.pcap", .pcap, [34: 11_882, 48: 3803]),
        Counted("jahorina.raw", .asterix, [48: 2099, 34: 20]),
        Counted("a4py_cat062.ast", .asterix, [62: 7]),
        Counted("cc_asterix.pcap", .pcap, [62: 100]),
        Counted("cc_cat_001_002.pcap", .pcap, [1: 7, 2: 1]),
        Counted("cc_parsegps.gps", .gps, [48: 15, 34: 3]),
        Counted("cc_cat034.raw", .asterix, [34: 1]),
        Counted("cc_cat048.raw", .asterix, [48: 1]),
        Counted("cc_cat062cat065.raw", .asterix, [62: 2, 65: 1]),
        Counted("cc_cat21_re.ast", .asterix, [21: 2]),
        Counted("cc_cat_034_048.pcap", .pcap, [34: 34, 48: 128]),
        Counted("cc_cat_062_065.pcap", .pcap, [62: 2, 65: 1]),
        Counted("jade_cat048_tcas.ff", .final, [48: 2]),
        Counted("jade_cat062_one.ff", .final, [62: 1]),
        Counted("jade_cat062_one_sample2.ff", .final, [62: 3, 65: 1]),
        Counted("sharp_cat062-all-1.bin", .asterix, [62: 8]),
        Counted("sharp_cat062-all-2.bin", .asterix, [62: 6]),
        Counted("sharp_cat062-boat3.bin", .asterix, [62: 1]),
        Counted("sharp_cat062.bin", .asterix, [62: 1]),
        Counted("lebl_20160510_mlat_cat010.ast", .asterix, [10: 84_453]),
        Counted("lebl_20160510_smr_cat010.ast", .asterix, [10: 77_345]),
        Counted("lebl_20160510_mlat_cat020.ast", .asterix, [20: 69_933, 19: 7381]),
        Counted("sharp_cat240-1.bin", .asterix, [240: 1]),
    ]
}

@Suite("Recordings of ASTERIX", .enabled(if: Recordings.areThere)) struct AsterixRecordingTests {
    @Test("every recording decodes without a lost record, and counts are those of others", arguments: Counted.all)
    func counts(expected: Counted) throws {
        let bytes = try Recordings.bytes("asterix/" + expected.name)
        var lines = 0
        var problems: [AsterixProblem] = []
        let recording = bytes.span
        let summary = try decodeAsterixToJSONLines(
            recording, name: expected.name,
            sink: { text in for i in text.indices where text[i] == UInt8(ascii: "\n") { lines += 1 } },
            problem: { problems.append($0) })
        #expect(summary.format == expected.format)
        #expect(problems.isEmpty, "\(problems.prefix(3))")
        for category in 0..<256 {
            #expect(summary.tally.records[category] == expected.records[UInt8(category)] ?? 0, "category \(category)")
        }
        #expect(lines == summary.tally.recordCount)
    }

    @Test("blocks of unknown categories in a mixed recording cost only themselves")
    func mixed() throws {
        let decoded = try Decoded(try Recordings.bytes("asterix/goasterix_sample.ast"))
        let tally = try #require(decoded.summary?.tally)
        #expect(tally.records[1] == 5 && tally.records[2] == 1 && tally.records[34] == 1 && tally.records[48] == 11)
        #expect(tally.unknownCategories[30] == 1 && tally.unknownCategories[255] == 1)
    }

    @Test("what holds no ASTERIX blocks is refused")
    func refused() throws {
        let text = Array("# a text\nwith lines, and commas\n".utf8)
        #expect(throws: RecordingError.unknownFormat) { try Decoded(text, format: nil) }
        let frame = Array("*8D4840D6202CC371C32CE0576098;\n".utf8)
        #expect(throws: RecordingError.notAsterix(.avr)) { try Decoded(frame, format: nil) }
    }

    @Test("the edition of category 021 is found from the blocks, and none is read by a wrong one")
    func editions() throws {
        for (name, source, minor) in [
            ("lebl_20160510_adsb_cat021v023.ast", SensorID(sac: 0, sic: 107), UInt8(23)),
            ("alicante_adsb_cat021v24.ast", SensorID(sac: 20, sic: 206), UInt8(7)),
        ] {
            let bytes = try Recordings.bytes("asterix/" + name)
            let recording = bytes.span
            // As a feed: without a look ahead.
            var decoder = AsterixDecoder()
            var datagrams = try #require(DatagramReader(format: .asterix))
            var clock = RecordingClock(start: Timestamp(seconds: 1_462_917_600))
            var reports: [SensorReport] = []
            var problems: [AsterixProblem] = []
            while let datagram = datagrams.next(in: recording) {
                decoder.decode(
                    recording, range: datagram.range, receivedAt: clock.time(of: datagram, in: recording),
                    into: &reports, problems: &problems)
            }
            #expect(problems.isEmpty)
            #expect(decoder.foundEditions[AsterixSource(category: 21, sensor: source)]?.minor == minor)
            #expect(decoder.tally.undecidedEdition < 20, "\(decoder.tally.undecidedEdition) were held back")
            // Spain and its surroundings, but for a few aircraft that do send places elsewhere.
            var elsewhere = 0
            for case .plot(let plot) in reports {
                guard case .geodetic(let latitude, let longitude, _) = plot.measurement else { continue }
                let place = Geodetic(latitude: latitude, longitude: longitude)
                let isNear = (30...50).contains(place.latitudeDegrees) && (-15...15).contains(place.longitudeDegrees)
                if !isNear { elsewhere += 1 }
            }
            #expect(elsewhere < reports.count / 500, "\(elsewhere) of \(reports.count)")
        }
    }

    @Test("the plots of a radar are where aircraft can be, at the times of its turns")
    func plots048() throws {
        let bytes = try Recordings.bytes("asterix/bcn_20230502_0809_cat048.ast")
        let recording = bytes.span
        var plots = 0
        var addresses: Set<ICAOAddress> = []
        var last = Timestamp(seconds: 0)
        let summary = try decodeAsterixToReports(
            recording, start: Timestamp(seconds: 1_683_014_400),
            body: { reports in
                for case .plot(let plot) in reports {
                    plots += 1
                    if let address = plot.identity.address { addresses.insert(address) }
                    guard case .polar(let range, let azimuth, _) = plot.measurement else { continue }
                    #expect((0...256 * 1852).contains(range) && (0...(2 * .pi)).contains(azimuth))
                    if let altitude = plot.pressureAltitude { #expect((-200...14_500).contains(altitude)) }
                    #expect(abs(plot.measuredAt.seconds(since: plot.receivedAt)) < 60)
                    last = max(last, plot.measuredAt)
                }
            })
        #expect(summary.tally.records[48] == 44_085)
        #expect(plots == summary.tally.plots)
        #expect(plots + summary.tally.testTargets + summary.tally.withoutPosition == 44_085)
        #expect(addresses.count == 177)
        #expect(abs(last.seconds - (1_683_014_400 + 3600)) < 10)
    }

    @Test("a recording that crosses midnight goes on on the next day")
    func midnight() throws {
        let bytes = try Recordings.bytes("asterix/lebl_20160510_adsb_cat021v023.ast")
        let recording = bytes.span
        var first: Timestamp?
        var last = Timestamp(seconds: 0)
        _ = try decodeAsterixToReports(
            recording, start: Timestamp(seconds: 1_462_917_600),
            body: { reports in
                for report in reports {
                    first = first ?? report.measuredAt
                    last = max(last, report.measuredAt)
                }
            })
        #expect(first?.description.hasPrefix("2016-05-10T22:0") == true)
        #expect(last.description.hasPrefix("2016-05-11T00:0"))
    }
}
