import Air
import Testing

@testable import SensorFormats

@Suite("Recordings in another form") struct ConverterTests {
    private let start = Timestamp(nanoseconds: 1_683_028_800_000_000_000)

    private func converted(
        _ bytes: [UInt8], _ format: RecordingFormat, _ target: RecordingFormat,
        _ filter: AsterixFilter = AsterixFilter()
    ) throws -> ([UInt8], RecordingConverter.Summary) {
        var converter = try RecordingConverter(from: format, to: target, filter: filter, start: self.start)
        var text: [UInt8] = []
        _ = try converter.read(bytes.span, sink: { append($0, 0..<$0.count, to: &text) }, problem: { _ in })
        return (text, converter.summary)
    }

    private let blocks =
        block(48, Worked.category048, Worked.category048) + block(34, Worked.category034)
        + block(48, Worked.category048)

    @Test("blocks go through every framing and come back byte for byte", arguments: DatagramWriter.formats)
    func throughAll(format: RecordingFormat) throws {
        let (framed, there) = try self.converted(self.blocks, .asterix, format)
        #expect(there.read == 3 && there.written == 3 && there.kept == 4 && there.records == 4)
        let (back, _) = try self.converted(framed, format, .asterix)
        #expect(back == self.blocks)
        // Among framings that know a time nothing is lost either, but what is finer than theirs.
        if format == .pcap || format == .final {
            let (final, _) = try self.converted(framed, format, .final)
            let (capture, _) = try self.converted(final, .final, .pcap)
            #expect(try self.converted(capture, .pcap, .final).0 == final)
        }
    }

    @Test("damage, unknown categories and trailers go with the rest; bare blocks leave trailers behind")
    func damaged() throws {
        var writer = try #require(DatagramWriter(format: .final))
        let broken = block(48, Array(Worked.category048.dropLast()))
        let payload = block(34, Worked.category034) + [0, 0, 0, 0, 1, 2, 3, 4]
        for one in [broken, block(250, [1, 2, 3]), payload] { writer.append(one.span, at: self.start) }
        var framed: [UInt8] = []
        writer.take { append($0, 0..<$0.count, to: &framed) }
        #expect(try self.converted(framed, .final, .final).0 == framed)
        let (bare, summary) = try self.converted(framed, .final, .asterix)
        #expect(bare == broken + block(250, [1, 2, 3]) + block(34, Worked.category034))
        #expect(summary.trailerBytes == 8 && summary.problems == 2)
    }

    @Test("a filter's records are written in blocks of their own")
    func filtered() throws {
        var filter = AsterixFilter()
        filter.categories = [34]
        let (bytes, summary) = try self.converted(self.blocks, .asterix, .asterix, filter)
        #expect(bytes == block(34, Worked.category034))
        #expect(summary.kept == 1 && summary.leftOut == 2 && summary.written == 1)
    }

    @Test("a format that holds no datagrams is refused")
    func refused() {
        #expect(throws: RecordingError.self) {
            _ = try RecordingConverter(from: .beast, to: .pcap, start: self.start)
        }
        #expect(throws: RecordingError.self) {
            _ = try RecordingConverter(from: .pcap, to: .rff, start: self.start)
        }
    }

    @Test("lines of JSON become the blocks that they came from; others are told with their place")
    func lines() throws {
        var text: [UInt8] = []
        _ = try decodeAsterixToJSONLines(
            self.blocks.span, format: .asterix, sink: { append($0, 0..<$0.count, to: &text) }, problem: { _ in })
        #expect(RecordingFormat.detect(text.span) == .json)
        var converter = try AsterixJSONConverter(to: .asterix, start: self.start)
        var bytes: [UInt8] = []
        var told: [Int] = []
        let bad = text + Array("{\"category\":48}\n\nno json\n".utf8)
        _ = try converter.read(
            bad.span, sink: { append($0, 0..<$0.count, to: &bytes) }, problem: { offset, _ in told.append(offset) })
        let single = block(48, Worked.category048)
        #expect(bytes == single + single + block(34, Worked.category034) + single)
        #expect(converter.written == 4 && converter.problems == 2 && told.first == text.count)
    }

    @Test("Beast goes to AVR and back byte for byte, in pieces of any size", arguments: [1, 7, 100_000])
    func modeS(size: Int) throws {
        var beast: [UInt8] = []
        for (index, hex) in ["8D4840D6202CC371C32CE0576098", "5D4840D6F7B1A2", "8D40621D58C382D690C8AC2863A7"]
            .enumerated()
        {
            let frame = try #require(ModeSFrame(hex: hex))
            ReceivedModeSFrame(frame: frame, ticks: 0x1A_0000 + UInt64(index), signal: 0x1A).appendBeast(to: &beast)
        }
        func through(_ bytes: [UInt8], _ format: ModeSRecording, _ target: RecordingFormat) throws -> [UInt8] {
            guard var converter = ModeSConverter(from: format, to: target, start: self.start) else { return [] }
            var text: [UInt8] = []
            for at in stride(from: 0, to: bytes.count, by: size) {
                let end = min(at + size, bytes.count)
                converter.read(
                    bytes.span.extracting(at..<end), isLast: end == bytes.count, into: &text, problem: { _ in })
            }
            #expect(converter.problems == 0)
            return text
        }
        let text = try through(beast, .beast, .avr)
        #expect(String(decoding: text, as: UTF8.self).hasPrefix("<0000001A00001A8D4840D6202CC371C32CE0576098;\n"))
        #expect(try through(text, .avr, .beast) == beast)
    }

    @Test("lines of BaseStation and of OpenSky are detected and give plots", arguments: [1, 50, 1 << 20])
    func plots(size: Int) throws {
        let sbs = "MSG,3,1,1,4840D6,1,2021/07/12,14:00:00.000,2021/07/12,14:00:00.000,,36000,,,51.5,-0.5,,,0,0,0,0\r\n"
        let sky =
            "icao24,callsign,origin_country,time_position,last_contact,longitude,latitude,baro_altitude,on_ground,"
            + "velocity,true_track,vertical_rate,sensors,geo_altitude,squawk,spi,position_source\n"
            + "4b1805,SWR1,Switzerland,1626098400,1626098401,8.548,47.458,10972.8,False,231.5,271.2,0.0,,11000.0,1000,False,0\n"
        for (text, format) in [(sbs, RecordingFormat.sbs), (sky, .openSky)] {
            let bytes = Array(text.utf8)
            #expect(RecordingFormat.detect(bytes.span) == format)
            guard var decoder = PlotRecordingDecoder(format: format) else { continue }
            var lines: [UInt8] = []
            for at in stride(from: 0, to: bytes.count, by: size) {
                let end = min(at + size, bytes.count)
                try decoder.read(
                    bytes.span.extracting(at..<end), isLast: end == bytes.count,
                    sink: { append($0, 0..<$0.count, to: &lines) }, problem: { _, _ in })
            }
            #expect(decoder.written == 1 && decoder.problems == 0)
            #expect(String(decoding: lines, as: UTF8.self).contains("\"latitudeDegrees\":"))
        }
    }

    @Test("of any format so many messages are written as are wanted, and those of an area")
    func selected() throws {
        let degree = Double.pi / 180
        func area(_ south: Double, _ west: Double, _ north: Double, _ east: Double) -> AsterixFilter.Area {
            AsterixFilter.Area(
                south: south * degree, west: west * degree, north: north * degree, east: east * degree)
        }
        func line(_ latitude: Double) -> String {
            "MSG,3,1,1,4840D6,1,2021/07/12,14:00:00.000,2021/07/12,14:00:00.000,,36000,,,\(latitude),-0.5,,,0,0,0,0\r\n"
        }
        let sbs = Array((line(51.5) + line(52.5) + line(53.5)).utf8)
        func plots(_ area: AsterixFilter.Area?, _ countMax: Int = .max) throws -> (written: Int, isDone: Bool) {
            guard var decoder = PlotRecordingDecoder(format: .sbs, area: area, countMax: countMax) else {
                return (-1, false)
            }
            try decoder.read(sbs.span, isLast: true, sink: { _ in }, problem: { _, _ in })
            return (decoder.written, decoder.isDone)
        }
        #expect(try plots(nil) == (3, false) && plots(nil, 2) == (2, true))
        #expect(try plots(area(52, -1, 53, 0)) == (1, false) && plots(area(52, -1, 54, 0), 1) == (1, true))
        #expect(try plots(area(52, 0, 54, 1)) == (0, false))

        // The positions of an aircraft over the Netherlands (52.26 N 3.92 E) and one message without any.
        let frames =
            "*8D40621D58C382D690C8AC2863A7;\n*8D40621D58C386435CC412692AD6;\n*8D4840D6202CC371C32CE0576098;\n"
        let avr = Array(frames.utf8)
        func modeS(_ area: AsterixFilter.Area?, _ countMax: Int = .max) throws -> ModeSSummary {
            var decoder = ModeSRecordingDecoder(
                .avr, configuration: ModeSDecoder.Configuration(sensor: SensorID(sac: 0, sic: 1)), area: area,
                countMax: countMax)
            try decoder.read(avr.span, isLast: true, sink: { _ in })
            #expect(decoder.isDone == (decoder.summary.written == countMax))
            return decoder.summary
        }
        #expect(try modeS(nil).written == 3 && modeS(nil, 2).written == 2)
        #expect(try modeS(area(52, 3, 53, 5)).written == 1 && modeS(area(52, 3, 53, 5)).total == 3)
        #expect(try modeS(area(-52, 3, -51, 5)).written == 0)
        #expect(try "\(modeS(nil))".hasSuffix("; 0 problems") && "\(modeS(nil, 1))".hasSuffix("; 0 problems"))
        #expect(try "\(modeS(area(52, 3, 53, 5)))".hasSuffix("; 0 problems; 1 written"))

        let ais = Array(
            "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C\n!AIVDM,1,1,,A,15N1u<PP1FJuvSRHOE6QIwwh0HQ6,0*30\n".utf8)
        func messages(_ area: AsterixFilter.Area?, _ countMax: Int = .max) throws -> AISSummary {
            var decoder = AISRecordingDecoder(area: area, countMax: countMax)
            try decoder.read(ais.span, isLast: true, sink: { _ in })
            return decoder.summary
        }
        #expect(try messages(nil).written == 2 && messages(nil, 1).written == 1)
        // The first of them is in the harbour of Seattle.
        #expect(try messages(area(47, -123, 48, -122)).written == 1)
        #expect(try "\(messages(area(47, -123, 48, -122)))".hasSuffix("0 messages unfinished; 1 written"))
    }
}
