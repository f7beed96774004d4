import Foundation
import SensorFormats
import Testing

/// The vectors of NASA's formally verified CPR library, DO-260B tables 2-139 to 2-141 among them.
///
/// Angles are 32-bit angular weighted binary: 2³² is 360°. Numbers of the messages are exact; a decoded place is exact
/// before it is rounded to 360/2³² (9 mm), so that it may differ by one step.
@Suite("Compact position reports") struct CompactPositionTests {
    private static func rows(_ path: String) throws -> [[Substring]] {
        try ModeSData.text("nasa_cpr/\(path)").split(whereSeparator: \.isNewline)
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    }

    private static func number(_ text: Substring) throws -> UInt32 {
        try #require(UInt32(text.trimmingCharacters(in: .whitespaces), radix: 16))
    }

    private static func degrees(_ text: Substring) throws -> Double { Double(try self.number(text)) * 360 / 0x1p32 }

    /// A latitude: the circle's upper half is south.
    private static func latitude(_ text: Substring) throws -> Double {
        let value = try self.degrees(text)
        return value >= 180 ? value - 360 : value
    }

    private static func place(_ latitude: Substring, _ longitude: Substring) throws -> CompactPosition.Degrees {
        CompactPosition.Degrees(latitude: try self.latitude(latitude), longitude: try self.degrees(longitude))
    }

    /// Steps of 360/2³² between an angle and a printed one, at most half a `turn` round.
    private static func steps(_ degrees: Double, _ text: Substring, turn: Double = 360) throws -> Double {
        var difference = (degrees - (try self.degrees(text))).truncatingRemainder(dividingBy: turn)
        if difference > turn / 2 { difference -= turn }
        if difference < -turn / 2 { difference += turn }
        return abs(difference) * 0x1p32 / 360
    }

    static let codings: [(folder: String, coding: CompactPosition.Coding)] = [
        ("airborne", .airborne), ("surface", .surface), ("coarse", .coarse), ("intent", .intent),
    ]

    private static func files(_ folder: String, _ kind: String) throws -> [String] {
        let path = "\(folder)/benchmarks/\(kind)"
        let url = ModeSData.url("nasa_cpr/\(path)")
        guard FileManager.default.fileExists(atPath: url.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: url.path).sorted().map { "\(path)/\($0)" }
    }

    @Test(
        "every encoding vector is met exactly", .enabled(if: ModeSData.has("nasa_cpr")), arguments: 0..<4)
    func encoding(kind: Int) throws {
        let (folder, coding) = Self.codings[kind]
        var count = 0
        for file in try Self.files(folder, "encoding") {
            for row in try Self.rows(file) {
                if file.contains("2-140") {
                    // Two latitudes about a transition, each also in decimals; even reports.
                    for (latitude, first) in [(row[1], 4), (row[3], 6)] {
                        let place = CompactPosition.Degrees(latitude: try Self.latitude(latitude), longitude: 45)
                        let report = try #require(CompactPosition(place, isOdd: false, coding: coding))
                        #expect(report.latitude == (try Self.number(row[first])), "\(file) \(row)")
                        #expect(report.longitude == (try Self.number(row[first + 1])), "\(file) \(row)")
                        count += 1
                    }
                    continue
                }
                let hasParity = row.count == 5
                let base = hasParity ? 1 : 0
                let isOdd = hasParity ? row[0] == "1" : false
                let report = try #require(
                    CompactPosition(try Self.place(row[base], row[base + 1]), isOdd: isOdd, coding: coding))
                #expect(report.latitude == (try Self.number(row[base + 2])), "\(file) \(row)")
                #expect(report.longitude == (try Self.number(row[base + 3])), "\(file) \(row)")
                count += 1
            }
        }
        print("CPR encoding, \(folder): \(count) vectors")
        #expect(count > 200)
    }

    @Test("every local decoding vector is met", .enabled(if: ModeSData.has("nasa_cpr")), arguments: 0..<4)
    func local(kind: Int) throws {
        let (folder, coding) = Self.codings[kind]
        var count = 0
        for file in try Self.files(folder, "local-decoding") {
            for row in try Self.rows(file) {
                // true place, reference, parity (but for intent), report, decoded place
                let isOdd = coding != .intent && row[4] == "1"
                let base = coding == .intent ? 4 : 5
                let reference = try Self.place(row[2], row[3])
                let report = CompactPosition(
                    isOdd: isOdd, latitude: try Self.number(row[base]), longitude: try Self.number(row[base + 1]))
                let place = report.decoded(near: reference, coding: coding)
                // Which of true place and reference comes first differs between the files: the nearer is the reference.
                let got = try #require(place, "\(file) \(row)")
                #expect(try Self.steps(got.latitude, row[base + 2]) <= 1, "\(file) \(row) \(got)")
                #expect(try Self.steps(got.longitude, row[base + 3]) <= 1, "\(file) \(row) \(got)")
                count += 1
            }
        }
        print("CPR local decoding, \(folder): \(count) vectors")
        #expect(count > 200)
    }

    @Test("every global decoding vector is met", .enabled(if: ModeSData.has("nasa_cpr")), arguments: 0..<3)
    func global(kind: Int) throws {
        let (folder, coding) = Self.codings[kind]
        var count = 0
        for file in try Self.files(folder, "global-decoding") {
            for row in try Self.rows(file) {
                // even place, even report, odd place, odd report, 1 if decodable, decoded even place, decoded odd place
                let even = CompactPosition(
                    isOdd: false, latitude: try Self.number(row[2]), longitude: try Self.number(row[3]))
                let odd = CompactPosition(
                    isOdd: true, latitude: try Self.number(row[6]), longitude: try Self.number(row[7]))
                for isOddNewer in [false, true] {
                    let truth = isOddNewer ? try Self.place(row[4], row[5]) : try Self.place(row[0], row[1])
                    // A surface vector gives the solution in the first quarter of the globe; ours is the one at the
                    // true place, a whole number of quarters away.
                    let place = CompactPosition.decoded(
                        even: even, odd: odd, isOddNewer: isOddNewer, coding: coding, reference: truth)
                    count += 1
                    guard row[8] == "1" else {
                        #expect(place == nil, "\(file) \(row)")
                        continue
                    }
                    let got = try #require(place, "\(file) \(row)")
                    let turn = coding == .surface ? 90.0 : 360
                    let base = isOddNewer ? 11 : 9
                    #expect(try Self.steps(got.latitude, row[base], turn: turn) <= 1, "\(file) \(row) \(got)")
                    #expect(try Self.steps(got.longitude, row[base + 1], turn: turn) <= 1, "\(file) \(row) \(got)")
                }
            }
        }
        print("CPR global decoding, \(folder): \(count) vectors")
        #expect(count > 200)
    }

    @Test("the number of zones of longitude is that of the standard's formula, and steps at its latitudes")
    func zones() {
        #expect(CompactPosition.longitudeZones(at: 0) == 59)
        #expect(CompactPosition.longitudeZones(at: 87) == 2)
        #expect(CompactPosition.longitudeZones(at: -87) == 2)
        #expect(CompactPosition.longitudeZones(at: 87.000001) == 1)
        #expect(CompactPosition.longitudeZones(at: 90) == 1)
        #expect(CompactPosition.longitudeZones(at: .nan) == 1)
        // DO-260B, table A-21: NL changes from 59 to 58 at 10.47047130°, from 30 to 29 at 59.95459277°.
        #expect(CompactPosition.longitudeZones(at: 10.470471) == 59)
        #expect(CompactPosition.longitudeZones(at: 10.470472) == 58)
        #expect(CompactPosition.longitudeZones(at: 59.954592) == 30)
        #expect(CompactPosition.longitudeZones(at: 59.954593) == 29)
        var last = 59
        for i in 0...90_000 {
            let latitude = Double(i) / 1000
            let zones = CompactPosition.longitudeZones(at: latitude)
            #expect(zones == CompactPosition.longitudeZones(at: -latitude))
            #expect(zones == last || zones == last - 1)
            last = zones
            if latitude > 0, latitude < 87 {
                let c = cos(latitude * .pi / 180)
                let formula = 2 * Double.pi / acos(1 - (1 - cos(.pi / 30)) / (c * c))
                #expect(zones == Int(formula.rounded(.down)))
            }
        }
    }

    @Test("a place comes back from its reports, globally and locally", arguments: 0..<40 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        for _ in 0..<200 {
            let place = CompactPosition.Degrees(
                latitude: .random(in: -89.9...89.9, using: &random), longitude: .random(in: -180..<180, using: &random))
            for coding in [CompactPosition.Coding.airborne, .surface] {
                let even = try #require(CompactPosition(place, isOdd: false, coding: coding))
                let odd = try #require(CompactPosition(place, isOdd: true, coding: coding))
                for isOddNewer in [false, true] {
                    let near = CompactPosition.Degrees(
                        latitude: min(max(place.latitude + .random(in: -0.5...0.5, using: &random), -90), 90),
                        longitude: place.longitude + .random(in: -0.5...0.5, using: &random))
                    let step = (coding == .surface ? 1.5 : 6.0) / 131_072
                    let global = CompactPosition.decoded(
                        even: even, odd: odd, isOddNewer: isOddNewer, coding: coding, reference: near)
                    let local = (isOddNewer ? odd : even).decoded(near: near, coding: coding)
                    // Only where both reports lie in one zone of longitude is there a global solution.
                    for got in [global, local].compactMap({ $0 }) {
                        #expect(abs(got.latitude - place.latitude) <= step)
                        var turn = abs(got.longitude - place.longitude)
                        if turn > 180 { turn = 360 - turn }
                        let widest = 360 / Double(max(CompactPosition.longitudeZones(at: got.latitude) - 1, 1))
                        #expect(turn <= widest / 131_072 + 1e-9, "\(place) \(got)")
                    }
                    #expect(local != nil || abs(place.latitude) > 89.5)
                }
            }
        }
    }

    @Test("no bits and no reference make decoding trap", arguments: 0..<20 as Range<UInt64>)
    func anything(seed: UInt64) {
        var random = SeededRandom(state: seed)
        let odd: [Double] = [.nan, .infinity, -.infinity, 0, 90, -90, 180, -180, 1e300, 360, -0.0]
        for _ in 0..<200 {
            let even = CompactPosition(
                isOdd: false, latitude: UInt32.random(in: 0..<(1 << 17), using: &random),
                longitude: UInt32.random(in: 0..<(1 << 17), using: &random))
            let other = CompactPosition(
                isOdd: true, latitude: UInt32.random(in: 0..<(1 << 17), using: &random),
                longitude: UInt32.random(in: 0..<(1 << 17), using: &random))
            let reference = CompactPosition.Degrees(
                latitude: odd.randomElement(using: &random) ?? 0, longitude: odd.randomElement(using: &random) ?? 0)
            for coding in [CompactPosition.Coding.airborne, .surface, .coarse, .intent] {
                if let place = even.decoded(near: reference, coding: coding) { #expect(abs(place.latitude) <= 90) }
                if let place = CompactPosition.decoded(
                    even: even, odd: other, isOddNewer: true, coding: coding, reference: reference)
                {
                    #expect(abs(place.latitude) <= 90)
                }
                _ = CompactPosition(reference, isOdd: true, coding: coding)
            }
        }
    }
}
