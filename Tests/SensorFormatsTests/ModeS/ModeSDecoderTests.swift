import Air
import Foundation
import Geodesy
import SensorFormats
import Testing

/// What an aircraft sends, made from its true state.
struct ModeSTransponder {
    var address: UInt32 = 0x4840D6
    var place = CompactPosition.Degrees(latitude: 52, longitude: 4)
    var altitudeFeet: Int32 = 36_000
    var eastKnots = 300
    var northKnots = 400
    /// DF 17 with CA 5 unless said otherwise.
    var first: UInt64 = 0x8D

    func squitter(_ payload: UInt64) -> ModeSFrame {
        let high = self.first << 56 | UInt64(self.address) << 32 | payload >> 24
        return ModeSParity.sealed(ModeSFrame(high: high, low: (payload & 0xFF_FFFF) << 40, isLong: true))
    }

    func airborne(isOdd: Bool, typeCode: UInt64 = 11) -> ModeSFrame {
        let report = CompactPosition(self.place, isOdd: isOdd)
        let n = UInt64((self.altitudeFeet + 1000) / 25)
        let altitude = (n >> 4) << 5 | 1 << 4 | n & 15
        return self.squitter(
            typeCode << 51 | altitude << 36 | (isOdd ? 1 << 34 : 0) | UInt64(report?.latitude ?? 0) << 17
                | UInt64(report?.longitude ?? 0))
    }

    func surface(isOdd: Bool, movement: UInt64 = 20, track: UInt64 = 32) -> ModeSFrame {
        let report = CompactPosition(self.place, isOdd: isOdd, coding: .surface)
        return self.squitter(
            7 << 51 | movement << 44 | 1 << 43 | track << 36 | (isOdd ? 1 << 34 : 0)
                | UInt64(report?.latitude ?? 0) << 17 | UInt64(report?.longitude ?? 0))
    }

    func velocity(accuracy: UInt64 = 2, rate: UInt64 = 11) -> ModeSFrame {
        let east = UInt64(abs(self.eastKnots) + 1) | (self.eastKnots < 0 ? 1 << 10 : 0)
        let north = UInt64(abs(self.northKnots) + 1) | (self.northKnots < 0 ? 1 << 10 : 0)
        return self.squitter(
            19 << 51 | 1 << 48 | accuracy << 43 | east << 32 | north << 21 | 1 << 20 | rate << 10 | 5)
    }

    /// KLM1023, category A0.
    var identification: ModeSFrame { self.squitter(0x20_2CC3_71C3_2CE0) }

    /// Airborne; by default an assured system (SDA 2) of the highest integrity (SIL 3).
    func status(version: UInt64, nacp: UInt64, nicA: UInt64 = 0, sil: UInt64 = 3, sda: UInt64 = 2) -> ModeSFrame {
        self.squitter(31 << 51 | sda << 24 | version << 13 | nicA << 12 | nacp << 8 | sil << 4)
    }

    /// A reply with address parity: DF 4, 5, 20 or 21 and its 13 bits.
    func reply(_ format: UInt64, _ code: UInt64) -> ModeSFrame {
        ModeSParity.sealed(
            ModeSFrame(high: format << 59 | code << 32, low: 0, isLong: format >= 16), overlay: self.address)
    }

    func allCall(code: UInt32 = 0) -> ModeSFrame {
        ModeSParity.sealed(
            ModeSFrame(high: 0x5D << 56 | UInt64(self.address) << 32, low: 0, isLong: false), overlay: code)
    }
}

@Suite("The Mode S decoder") struct ModeSDecoderTests {
    private static let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    private static let sensor = SensorID(sac: 7, sic: 9)

    private func decoder(site: Geodetic? = Geodetic(latitudeDegrees: 52.3, longitudeDegrees: 4.7)) -> ModeSDecoder {
        ModeSDecoder(ModeSDecoder.Configuration(sensor: Self.sensor, site: site))
    }

    /// Sends frames half a second apart.
    private func plots(_ frames: [ModeSFrame], _ decoder: inout ModeSDecoder, from start: Double = 0) -> [Plot] {
        var reports: [SensorReport] = []
        for (i, frame) in frames.enumerated() {
            decoder.decode(frame, receivedAt: Self.start.advanced(by: start + Double(i) * 0.5), into: &reports)
        }
        return reports.compactMap { if case .plot(let plot) = $0 { plot } else { nil } }
    }

    @Test("two pairs of positions that share no report make a plot with all that is known") func wholePlot() throws {
        var decoder = self.decoder()
        let one = ModeSTransponder()
        let plots = self.plots(
            [
                one.identification, one.velocity(), one.status(version: 2, nacp: 9), one.reply(5, 0x0808),
                one.reply(5, 0x0808), one.airborne(isOdd: false), one.airborne(isOdd: true),
                one.airborne(isOdd: false), one.airborne(isOdd: true),
            ], &decoder)
        #expect(plots.count == 1)
        let plot = try #require(plots.first)
        #expect(plot.sensor == Self.sensor)
        #expect(plot.kind == .broadcast)
        #expect(plot.measuredAt == Self.start.advanced(by: 4))
        #expect(plot.receivedAt == plot.measuredAt)
        guard case .geodetic(let latitude, let longitude, let deviation) = plot.measurement else {
            Issue.record("not geodetic")
            return
        }
        let truth = Geodetic(latitudeDegrees: 52, longitudeDegrees: 4)
        #expect(truth.geodesic(to: Geodetic(latitude: latitude, longitude: longitude)).distance < 5.1)
        // NACp 9 is 30 m for 95 %: 12.3 m an axis; 500 kt late by 0.1 s: 18.2 m.
        #expect(abs(deviation - (12.256 * 12.256 + 18.19 * 18.19 + 1.5 * 1.5).squareRoot()) < 0.1)
        #expect(abs(try #require(plot.pressureAltitude) - 10_972.8) < 1e-6)
        // Difference 4 steps of 25 ft.
        #expect(abs(try #require(plot.geometricHeight) - 36_100 * 0.3048) < 1e-6)
        let velocity = try #require(plot.velocity)
        #expect(abs(velocity.east - 300 * 1852 / 3600) < 1e-3)
        #expect(abs(velocity.north - 400 * 1852 / 3600) < 1e-3)
        #expect(velocity.deviation > 1.2 && velocity.deviation < 1.3)
        #expect(abs(try #require(plot.climbRate) - 640 * 0.3048 / 60) < 1e-4)
        #expect(plot.identity.address == ICAOAddress(0x4840D6))
        #expect(plot.identity.callsign?.description == "KLM1023")
        #expect(plot.identity.mode3A == Mode3A(identity13: 0x0808))
        #expect(!plot.isOnGround)
    }

    @Test("an aircraft on the ground is placed by the receiver's site") func surface() throws {
        var decoder = self.decoder()
        let one = ModeSTransponder(first: 0x8C)
        let plots = self.plots([false, true, false, true, false].map { one.surface(isOdd: $0) }, &decoder)
        #expect(plots.count == 2)
        let plot = try #require(plots.last)
        #expect(plot.isOnGround)
        #expect(plot.pressureAltitude == nil)
        guard case .geodetic(let latitude, let longitude, _) = plot.measurement else {
            Issue.record("not geodetic")
            return
        }
        let truth = Geodetic(latitudeDegrees: 52, longitudeDegrees: 4)
        #expect(truth.geodesic(to: Geodetic(latitude: latitude, longitude: longitude)).distance < 1.3)
        // Movement 20 is 5.5 kt, track 32 is 90°.
        #expect(abs(try #require(plot.velocity).east - 5.5 * 1852 / 3600) < 1e-4)
        #expect(abs(try #require(plot.velocity).north) < 1e-4)
        var blind = self.decoder(site: nil)
        #expect(self.plots([false, true, false, true].map { one.surface(isOdd: $0) }, &blind).isEmpty)
        #expect(blind.counts[.waiting] == 4)
    }

    @Test("an aircraft that lands is followed from the air without a site") func landing() {
        var decoder = self.decoder(site: nil)
        let one = ModeSTransponder()
        let plots = self.plots(
            [false, true, false, true].map { one.airborne(isOdd: $0) }
                + [false, true, false].map { one.surface(isOdd: $0) }, &decoder)
        #expect(plots.map(\.isOnGround) == [false, true, true, true])
    }

    @Test("halves more than ten seconds apart are no pair") func staleHalves() {
        var decoder = self.decoder()
        let one = ModeSTransponder()
        var reports: [SensorReport] = []
        let first = decoder.decode(one.airborne(isOdd: false), receivedAt: Self.start, into: &reports)
        #expect(first.positionVerdict == .waiting)
        let late = decoder.decode(
            one.airborne(isOdd: true), receivedAt: Self.start.advanced(by: 10.1), into: &reports)
        #expect(late.positionVerdict == .waiting)
        let near = decoder.decode(
            one.airborne(isOdd: false), receivedAt: Self.start.advanced(by: 20.1), into: &reports)
        #expect(near.positionVerdict == .provisional)
    }

    @Test("a position beyond the receiver's hearing is refused") func range() {
        var decoder = self.decoder(site: Geodetic(latitudeDegrees: -33, longitudeDegrees: 151))
        let one = ModeSTransponder()
        #expect(self.plots([false, true, false, true].map { one.airborne(isOdd: $0) }, &decoder).isEmpty)
        #expect(decoder.counts[.outOfRange] == 3)
    }

    @Test("a jump is refused, and believed only when the old place is given up") func jump() {
        var decoder = self.decoder()
        var one = ModeSTransponder()
        #expect(self.plots([false, true, false, true, false].map { one.airborne(isOdd: $0) }, &decoder).count == 2)
        one.place.longitude += 1
        let after = self.plots((0..<12).map { one.airborne(isOdd: $0 % 2 == 1) }, &decoder, from: 2.5)
        #expect(decoder.counts[.implausible] >= 3)
        #expect(!after.isEmpty)
        for plot in after {
            guard case .geodetic(_, let longitude, _) = plot.measurement else { continue }
            #expect(abs(longitude * 180 / .pi - 5) < 1e-3, "no plot between the two places")
        }
    }

    @Test("a wrong first pair gives no plot") func wrongPair() {
        // The odd half is of another place: the pair decodes to somewhere far off, the next report disagrees.
        var decoder = self.decoder(site: nil)
        let one = ModeSTransponder()
        var other = one
        other.place = CompactPosition.Degrees(latitude: 52.9, longitude: 4.7)
        let plots = self.plots(
            [other.airborne(isOdd: true)] + (0..<10).map { one.airborne(isOdd: $0 % 2 == 1) }, &decoder)
        #expect(plots.count >= 6)
        for plot in plots {
            guard case .geodetic(let latitude, let longitude, _) = plot.measurement else { continue }
            #expect(abs(latitude * 180 / .pi - 52) < 1e-3 && abs(longitude * 180 / .pi - 4) < 1e-3)
        }
    }

    @Test("a moving aircraft is followed across zones of latitude and longitude, the antimeridian and the equator")
    func moves() {
        for (latitude, longitude) in [(59.9, 10.0), (-0.5, 179.5), (86.2, -60), (-87.5, 0)] {
            var decoder = self.decoder(site: nil)
            var one = ModeSTransponder()
            one.place = CompactPosition.Degrees(latitude: latitude, longitude: longitude)
            var frames: [ModeSFrame] = []
            var truth: [CompactPosition.Degrees] = []
            for i in 0..<2000 {
                // 250 m/s to the north-east, half a second each.
                one.place.latitude += 0.0008
                one.place.longitude += 0.0008
                truth.append(one.place)
                frames.append(one.airborne(isOdd: i % 2 == 1))
            }
            let plots = self.plots(frames, &decoder)
            #expect(plots.count >= 1990, "\(latitude) \(longitude): \(plots.count)")
            for plot in plots {
                guard case .geodetic(let lat, let lon, _) = plot.measurement else { continue }
                let i = Int((plot.measuredAt.seconds(since: Self.start) * 2).rounded())
                let place = Geodetic(latitudeDegrees: truth[i].latitude, longitudeDegrees: truth[i].longitude)
                // Half a step of each axis; near a pole there are few zones of longitude and their steps are long.
                let columns = Double(max(CompactPosition.longitudeZones(at: truth[i].latitude) - 1, 1))
                let bound = 2.6 + 0.5 * 360 / columns / 131_072 * 111_700 * cos(place.latitude)
                #expect(place.geodesic(to: Geodetic(latitude: lat, longitude: lon)).distance < bound)
            }
        }
    }

    @Test("a reply with address parity is believed only of an address announced within a minute") func filter() {
        var decoder = self.decoder()
        let one = ModeSTransponder()
        var reports: [SensorReport] = []
        func verdict(_ frame: ModeSFrame, _ seconds: Double) -> ModeSDecoder.Verdict {
            decoder.decode(frame, receivedAt: Self.start.advanced(by: seconds), into: &reports).verdict
        }
        #expect(verdict(one.reply(4, 0x0C38), 0) == .unknownAddress)
        #expect(verdict(one.allCall(code: 5), 1) == .unknownAddress)
        #expect(verdict(one.allCall(), 2) == .accepted)
        #expect(verdict(one.allCall(code: 5), 3) == .accepted)
        for format: UInt64 in [0, 4, 5, 16, 20, 21, 24] { #expect(verdict(one.reply(format, 0x0C38), 4) == .accepted) }
        #expect(verdict(one.reply(4, 0x0C38), 61.9) == .accepted)
        #expect(verdict(one.reply(4, 0x0C38), 62.1) == .unknownAddress)
        #expect(verdict(one.airborne(isOdd: true).flipping(40).flipping(50), 63) == .corrupt)
        #expect(verdict(one.airborne(isOdd: true).flipping(40), 63) == .corrupt, "mended, but silent for a minute")
        #expect(verdict(one.allCall().flipping(40).flipping(41), 63) == .corrupt)
        #expect(verdict(ModeSFrame(high: 0x8D << 56, low: 0, isLong: false), 63) == .malformed)
        #expect(verdict(ModeSFrame(high: 0x98 << 56, low: 0, isLong: true), 63) == .unsupported)
        #expect(verdict(ModeSFrame(high: 0xC0 << 56, low: 0, isLong: true), 63) == .unknownAddress)
    }

    @Test("a code must be said twice by replies") func squawk() {
        var decoder = self.decoder()
        let one = ModeSTransponder()
        func send(_ replies: [ModeSFrame], from start: Double) -> Mode3A? {
            self.plots(
                [one.airborne(isOdd: false)] + replies + [one.airborne(isOdd: true), one.airborne(isOdd: false)],
                &decoder, from: start
            ).last?.identity.mode3A
        }
        #expect(send([one.reply(5, 0x0808)], from: 0) == nil)
        #expect(send([one.reply(5, 0x0808)], from: 5) == Mode3A(identity13: 0x0808))
        #expect(send([one.reply(21, 0x0AAA)], from: 10) == Mode3A(identity13: 0x0808))
        #expect(send([one.reply(5, 0x0AAA)], from: 15) == Mode3A(identity13: 0x0AAA))
    }

    @Test("the table stays bounded, keeps whom it knows and forgets the silent") func bounded() {
        var decoder = ModeSDecoder(
            ModeSDecoder.Configuration(sensor: Self.sensor, aircraftMax: 100, silenceMax: 60))
        var reports: [SensorReport] = []
        let known = ModeSTransponder()
        for second in 0..<5 {
            decoder.decode(
                known.airborne(isOdd: second % 2 == 1), receivedAt: Self.start.advanced(by: Double(second)),
                into: &reports)
        }
        var random = SeededRandom(state: 5)
        for i in 0..<20_000 {
            var other = ModeSTransponder()
            other.address = UInt32(truncatingIfNeeded: random.next()) & 0xFF_FFFF
            decoder.decode(
                other.velocity(), receivedAt: Self.start.advanced(by: 5 + Double(i) * 0.001), into: &reports)
            #expect(decoder.aircraftCount <= 100)
        }
        #expect(decoder.counts[.tableFull] > 10_000)
        let before = reports.count
        decoder.decode(known.airborne(isOdd: true), receivedAt: Self.start.advanced(by: 25.5), into: &reports)
        #expect(reports.count == before + 1, "the one who was known is still followed")
        decoder.decode(known.airborne(isOdd: true), receivedAt: Self.start.advanced(by: 200), into: &reports)
        #expect(decoder.aircraftCount == 1)
    }

    @Test("what a ground station or a server computed is no plot of this receiver") func others() {
        var decoder = self.decoder()
        var reports: [SensorReport] = []
        let own = ModeSTransponder()
        for (first, isMultilaterated) in [(0x92, false), (0x95, false), (0x8D, true)] as [(UInt64, Bool)] {
            var one = own
            one.first = first
            for i in 0..<4 {
                let answer = decoder.decode(
                    one.airborne(isOdd: i % 2 == 1), isMultilaterated: isMultilaterated,
                    receivedAt: Self.start.advanced(by: Double(i)), into: &reports)
                #expect(answer.verdict == .accepted)
                if i == 3 { #expect(answer.positionVerdict == .confirmed) }
            }
        }
        #expect(reports.isEmpty)
        // A rebroadcast one is, under its own state; an anonymous one without an ICAO address.
        var rebroadcast = own
        rebroadcast.first = 0x96
        var anonymous = own
        anonymous.first = 0x91
        #expect(
            self.plots((0..<5).map { rebroadcast.airborne(isOdd: $0 % 2 == 1) }, &decoder).map(\.identity.address)
                == [ICAOAddress(0x4840D6), ICAOAddress(0x4840D6)])
        #expect(
            self.plots((0..<5).map { anonymous.airborne(isOdd: $0 % 2 == 1) }, &decoder).map(\.identity.address)
                == [nil, nil])
        #expect(decoder.aircraftCount == 4)
    }

    @Test("frames of any bits at any times neither trap nor leave the globe", arguments: 0..<40 as Range<UInt64>)
    func anything(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var decoder = ModeSDecoder(
            ModeSDecoder.Configuration(
                sensor: Self.sensor, site: seed % 2 == 0 ? nil : Geodetic(latitude: 0.9, longitude: 0.1), aircraftMax: 8
            ))
        var reports: [SensorReport] = []
        for _ in 0..<2000 {
            let kind = random.next() % 8
            let first: UInt64 = kind < 5 ? 0x8D : kind == 5 ? 0x90 | random.next() % 8 : random.next() & 0xFF
            let high = first << 56 | (random.next() % 4) << 32 | random.next() & 0xFFFF_FFFF
            let frame = ModeSParity.sealed(
                ModeSFrame(high: high, low: random.next(), isLong: first >= 0x80),
                overlay: UInt32(random.next() % 4))
            let time =
                random.next() % 100 == 0
                ? Timestamp(nanoseconds: Int64(bitPattern: random.next()))
                : Self.start.advanced(by: Double(random.next() % 4096) / 16)
            decoder.decode(frame, receivedAt: time, into: &reports)
        }
        for case .plot(let plot) in reports {
            guard case .geodetic(let latitude, let longitude, let deviation) = plot.measurement else { continue }
            #expect(abs(latitude) <= .pi / 2 && abs(longitude) <= .pi && deviation > 0 && deviation.isFinite)
        }
    }

    @Test("what is no recording of Mode S is said to be none, and a sink that fails ends the decoding")
    func noRecording() {
        struct Full: Error {}
        let configuration = ModeSDecoder.Configuration(sensor: Self.sensor)
        let other = Array("hello, world\n".utf8)
        let summary = try? decodeModeSToJSONLines(other.span, configuration: configuration, sink: { _ in })
        #expect(summary == nil)
        let good = Array("*8D4840D6202CC371C32CE0576098;\n".utf8)
        var thrown = false
        do {
            _ = try decodeModeSToJSONLines(good.span, configuration: configuration, sink: { _ in throw Full() })
        } catch { thrown = error is Full }
        #expect(thrown)
    }

    @Test("JSON lines hold the fields with their units, the problems their offsets") func json() throws {
        let text = """
            *8D4840D6202CC371C32CE0576098;
            *8D485020994409940838175B284F;
            *2A00516D492B80;
            what
            *8D40621D58C382D690C8AC2863A7;
            *8D40621D58C386435CC412692AD6;
            *0D4840D6202CC371C32CE0576098;
            """
        var output: [UInt8] = []
        var problems: [ModeSProblem] = []
        var lines: [[String: Any]] = []
        let bytes = Array(text.utf8)
        let summary = try decodeModeSToJSONLines(
            bytes.span, configuration: ModeSDecoder.Configuration(sensor: Self.sensor),
            sink: { piece in for i in piece.indices { output.append(piece[i]) } }, problem: { problems.append($0) })
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
            lines.append(try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]))
        }
        #expect(lines.count == 5)
        #expect(lines[0]["DF"] as? Int == 17)
        #expect(lines[0]["address"] as? String == "4840d6")
        #expect(lines[0]["callsign"] as? String == "KLM1023")
        #expect(lines[0]["category"] as? String == "A0")
        #expect(lines[0]["frame"] as? String == "8d4840d6202cc371c32ce0576098")
        #expect(lines[1]["groundSpeedKnots"] as? Double == 159.201)
        #expect(lines[1]["verticalRateFeetPerMinute"] as? Int == -832)
        #expect(lines[2]["mode3A"] as? String == "0356")
        #expect(lines[2]["verdict"] as? String == "unknownAddress")
        #expect(lines[3]["altitudeFeet"] as? Int == 38000)
        #expect(lines[3]["position"] as? String == "waiting")
        #expect(lines[4]["position"] as? String == "provisional")
        #expect(abs((lines[4]["latitudeDegrees"] as? Double ?? 0) - 52.2658) < 1e-3)
        #expect(problems.map(\.reason) == [.text(.notAFrame), .lengthMismatch(downlinkFormat: 1, bytes: 14)])
        #expect(problems.map(\.offset) == [79, 146])
        #expect(summary?.description == "5 messages (DF5 1, DF17 4); 1 of unknown address; 2 problems")
    }
}
