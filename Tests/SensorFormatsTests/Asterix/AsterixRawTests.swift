import Air
import Geodesy
import Testing

@testable import SensorFormats

@Suite("The raw view") struct AsterixRawTests {
    private func records(_ bytes: [UInt8], _ filter: AsterixFilter = AsterixFilter()) -> [AsterixRawRecord] {
        var reader = AsterixRawReader(filter: filter)
        var records: [AsterixRawRecord] = []
        var problems: [AsterixProblem] = []
        reader.read(bytes.span, range: 0..<bytes.count, into: &records, problems: &problems)
        return records
    }

    private func selected(_ bytes: [UInt8], _ filter: AsterixFilter) -> ([UInt8], Int) {
        var reader = AsterixRawReader(filter: filter)
        var kept: [UInt8] = []
        var problems: [AsterixProblem] = []
        let count = reader.select(bytes.span, range: 0..<bytes.count, into: &kept, problems: &problems)
        return (kept, count)
    }

    private let mixed =
        block(48, Worked.category048, Worked.category048) + block(34, Worked.category034)
        + block(48, record(48, ["010": [20, 130], "140": [0, 0, 1], "040": [0x10, 0, 0x40, 0]]))

    @Test("each record comes with its place, its block, its sender and its items")
    func spans() throws {
        let records = self.records(self.mixed)
        #expect(records.map(\.range.count) == [30, 30, 20, 10])
        #expect(records.map(\.block) == [0..<63, 0..<63, 63..<86, 86..<99])
        #expect(records.map(\.edition.category) == [48, 48, 34, 48])
        #expect(records[0].sensor == SensorID(sac: 20, sic: 129))
        for (item, isThere) in [("I048/240", true), ("I048/250", false), ("I034/240", false), ("I048/161", true)] {
            #expect(records[0].has(try #require(AsterixItem(item))) == isThere, "\(item)")
        }
        #expect(AsterixItem("048/") == nil && AsterixItem("I256/010") == nil && AsterixItem("48") == nil)
        #expect(AsterixItem("I048/240")?.isKnown == true && AsterixItem("I048/999")?.isKnown == false)
    }

    @Test("slots are told as the field specification has them, to the last of every edition")
    func slots() {
        for (edition, layout) in AsterixLayouts.all {
            for names in layout.slotNames { #expect(names.count <= 64, "\(edition)") }
        }
        // Eleven octets: 77 slots, of which 64 are told.
        let long = [UInt8](repeating: 0xFF, count: 10) + [0xFE]
        #expect(AsterixLayout.slots(long.span, 0..<11) == .max)
        #expect(AsterixLayout.slots([0x01, 0x01, 0x80].span, 0..<3) == 1 << UInt64(63 - 14))
        #expect(AsterixLayout.slots([0x01, 1, 1, 1, 1, 1, 1, 1, 1, 0x82].span, 0..<10) == 1)
    }

    @Test("a filter keeps records byte for byte, in blocks of their own length")
    func select() throws {
        var filter = AsterixFilter()
        #expect(self.selected(self.mixed, filter) == (self.mixed, 4))
        filter.categories = [34]
        #expect(self.selected(self.mixed, filter) == (block(34, Worked.category034), 1))
        filter.categories = []
        filter.sources = [SensorID(sac: 20, sic: 129)]
        #expect(self.selected(self.mixed, filter) == (block(48, Worked.category048, Worked.category048), 2))
        filter.sources = [SensorID(sac: 20, sic: 130)]
        #expect(self.selected(self.mixed, filter) == (Array(self.mixed[86...]), 1))
        filter.items = [try #require(AsterixItem("I048/240"))]
        #expect(self.selected(self.mixed, filter) == ([], 0))
        filter.sources = []
        #expect(self.selected(self.mixed, filter).1 == 2)
    }

    @Test("an area keeps what has its position in it, of radars where their site is known")
    func area() throws {
        // 48.65 NM from the radar at 261.8°: west of Barcelona, near 41.17 N 1.03 E.
        var filter = AsterixFilter()
        let degree = Double.pi / 180
        filter.area = AsterixFilter.Area(south: 41 * degree, west: 1 * degree, north: 41.4 * degree, east: 1.2 * degree)
        #expect(self.records(self.mixed, filter).isEmpty)
        var reader = AsterixRawReader(filter: filter)
        var (kept, problems) = ([UInt8](), [AsterixProblem]())
        reader.select(self.mixed.span, range: 0..<self.mixed.count, into: &kept, problems: &problems)
        #expect(reader.unplaced == [SensorID(sac: 20, sic: 129): 2, SensorID(sac: 20, sic: 130): 1])
        for view in [AsterixView.json, .line] {
            var decoder = try AsterixRecordingDecoder(format: .asterix, filter: filter, view: view)
            _ = try decoder.read(self.mixed.span, sink: { _ in }, problem: { _ in })
            #expect(decoder.summary.unplaced == reader.unplaced && decoder.summary.written == 0)
        }
        filter.site = Geodetic(latitudeDegrees: 41.3007, longitudeDegrees: 2.1021, height: 27)
        #expect(self.records(self.mixed, filter).map(\.range.lowerBound) == [3, 33])
        filter.area = AsterixFilter.Area(
            south: 41 * degree, west: 1.2 * degree, north: 41.4 * degree, east: 1.1 * degree)
        #expect(self.records(self.mixed, filter).count == 3, "across the antimeridian, all but a strip")
        let sent = block(62, record(62, Worked.category062))
        filter.area = AsterixFilter.Area(south: 44 * degree, west: -23 * degree, north: 46 * degree, east: -22 * degree)
        #expect(self.records(sent, filter).count == 1)
    }
}

@Suite("The raw view of recordings", .enabled(if: Recordings.areThere)) struct AsterixRawRecordingTests {
    @Test("every recording is divided and put together again byte for byte", arguments: Counted.all)
    func same(expected: Counted) throws {
        let bytes = try Recordings.bytes("asterix/" + expected.name)
        var datagrams = try #require(DatagramReader(format: expected.format))
        var looking = datagrams
        var reader = AsterixRawReader()
        while let datagram = looking.next(in: bytes.span), looking.frames < 2000 {
            reader.prime(bytes.span, range: datagram.range)
        }
        var kept: [UInt8] = []
        var problems: [AsterixProblem] = []
        var records = 0
        while let datagram = datagrams.next(in: bytes.span) {
            kept.removeAll(keepingCapacity: true)
            records += reader.select(bytes.span, range: datagram.range, into: &kept, problems: &problems)
            // The datagram, but for a trailer.
            #expect(kept[...] == bytes[datagram.range].prefix(kept.count))
            #expect(datagram.range.count - kept.count <= 8)
        }
        #expect(problems.isEmpty && records == expected.records.values.reduce(0, +))
    }
}
