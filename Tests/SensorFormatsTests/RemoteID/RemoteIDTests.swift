import Air
import Foundation
import Testing

@testable import SensorFormats

/// Bytes as opendroneid-core-c beb5639 encodes the values of its own test `test_inout.c`, and of others named here.
private enum Reference {
    static let basicID = "02223132333435363738393031323334353637383930000000"
    static let location = "122624160a42bf241b6ed1b4b69808ac0870086b53150e0200"
    /// Nothing available.
    static let unavailable = "1203b5ff7e00000000000000000000000000000000ffff0000"
    /// 100.5 m/s, 12.5 m/s down, 90°, 33.9° S 151.2° E, 3599.9 s.
    static let fast = "12255a31e74045cbeb004a1f5a9808ac0870086b539f8c0200"
    static let authentication0 = "22100128003fab013132333435363738393031323334353637"
    static let authentication1 = "22113132333435363738393031323334353637383930313233"
    static let selfID = "320044726f6e65735255533a205265616c2045737461746500"
    static let system = "4204a6bf241bd2d1b4b62300073109230824f907003fab0100"
    static let operatorID = "52003938373635343332313030313233343536373839000000"
    static let messages = [
        basicID, location, unavailable, fast, authentication0, authentication1, selfID, system, operatorID,
    ]
    /// Basic ID, location and system.
    static let pack = "f21903" + basicID + location + system
    static let serviceDiscovery =
        "d0000000516f9a010000123456214365506f9a0100ff00000409506f9a130359008869199d92090100104f07" + pack
        + "0e040001000207"
    static let beacon =
        "80000000ffffffffffff1234562143651234562143650000000000000000000064002004000355415301018cdd53fa0bbc0d55" + pack
    static let synchronisation =
        "80000000ffffffffffff123456214365506f9a0100ff0000000000000000000000022004dd22506f9a13000200feea010d001234562143"
        + "65eafe00000000000206008869199d9209"
    static let transmitter: UInt64 = 0x1234_5621_4365
}

private func octets(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.compactMap { hexDigit($0) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

private func message(_ hex: String) throws -> RemoteIDMessage { try RemoteIDMessage(octets(hex).span) }

@Suite("Remote ID messages")
struct RemoteIDMessageTests {
    @Test("a location has the values that the reference encoded")
    func location() throws {
        guard case .location(let body) = try message(Reference.location).body else { throw Wrong("no location") }
        #expect(body.status == 2)
        #expect(body.directionDegrees == 216)
        #expect(body.speedMetresPerSecond == 5.5)
        #expect(body.climbMetresPerSecond == 5)
        #expect(body.position?.latitude == 45.539309)
        #expect(body.position?.longitude == -122.966389)
        #expect(body.pressureAltitudeMetres == 100)
        #expect(body.geodeticAltitudeMetres == 110)
        #expect(body.heightMetres == 80)
        #expect(body.isHeightOverGround)
        #expect(body.positionRadius == 3)
        #expect(body.verticalAccuracy == 6)
        #expect(body.pressureAccuracy == 5)
        #expect(body.speedAccuracy == 3)
        #expect(body.timeAccuracy == 2)
        #expect(body.secondsOfHour == 360.5)

        guard case .location(let fast) = try message(Reference.fast).body else { throw Wrong("no location") }
        #expect(fast.speedMetresPerSecond == 100.5)
        #expect(fast.climbMetresPerSecond == -12.5)
        #expect(fast.directionDegrees == 90)
        #expect(fast.position?.latitude == -33.9)
        #expect(fast.position?.longitude == 151.2)
        #expect(fast.secondsOfHour == 3599.9)
    }

    @Test("what is not available is nil, and a new location has nothing")
    func unavailable() throws {
        guard case .location(let body) = try message(Reference.unavailable).body else { throw Wrong("no location") }
        #expect(body == RemoteIDLocation())
        #expect(body.directionDegrees == nil)
        #expect(body.speedMetresPerSecond == nil)
        #expect(body.climbMetresPerSecond == nil)
        #expect(body.position == nil)
        #expect(body.pressureAltitudeMetres == nil)
        #expect(body.secondsOfHour == nil)
        #expect(body.positionRadius == nil)
    }

    @Test("the other messages have the values that the reference encoded")
    func others() throws {
        guard case .basicID(let basic) = try message(Reference.basicID).body,
            case .authentication(let first) = try message(Reference.authentication0).body,
            case .authentication(let second) = try message(Reference.authentication1).body,
            case .selfID(let own) = try message(Reference.selfID).body,
            case .system(let system) = try message(Reference.system).body,
            case .operatorID(let person) = try message(Reference.operatorID).body
        else { throw Wrong("another type") }
        #expect(basic.aircraftType == 2)
        #expect(basic.identifier?.kind == .registration)
        #expect(basic.identifier?.description == "12345678901234567890")
        #expect(first.authenticationType == 1 && first.page == 0 && first.lastPage == 1 && first.length == 40)
        #expect(first.secondsSince2019 == 28_000_000)
        #expect(first.data.bytes == Array("12345678901234567".utf8))
        #expect(second.page == 1 && second.data.bytes == Array("12345678901234567890123".utf8))
        #expect(own.description.bytes == Array("DronesRUS: Real Estate".utf8) + [0])
        #expect(system.classification == 1 && system.categoryEU == 2 && system.classEU == 4)
        #expect(system.operatorLatitudeRaw == 455_393_190)
        #expect(system.aircraftCount == 35 && system.areaRadiusRaw == 7)
        #expect(system.secondsSince2019 == 28_000_000)
        #expect(RemoteIDQuantity.altitude.value(system.areaCeilingRaw) == 176.5)
        #expect(person.id.bytes == Array("98765432100123456789".utf8))
    }

    @Test("the reference's messages are encoded to the same bytes", arguments: Reference.messages)
    func roundTrip(hex: String) throws {
        #expect(try message(hex).bytes == octets(hex))
    }

    @Test("what is set is encoded as the reference encodes it")
    func made() throws {
        var body = RemoteIDLocation()
        body.status = 2
        body.isHeightOverGround = true
        body.directionDegrees = 90
        body.speedMetresPerSecond = 100.5
        body.climbMetresPerSecond = -12.5
        body.position = (-33.9, 151.2)
        body.pressureAltitudeMetres = 100
        body.geodeticAltitudeMetres = 110
        body.heightMetres = 80
        (body.horizontalAccuracy, body.verticalAccuracy, body.pressureAccuracy) = (11, 6, 5)
        (body.speedAccuracy, body.timeAccuracy) = (3, 2)
        body.secondsOfHour = 3599.9
        #expect(RemoteIDMessage(.location(body)).bytes == octets(Reference.fast))

        let text = Array("12345678901234567890".utf8)
        // A span may not be handed to a macro.
        let packed = UASIdentifier(.registration, text.span)
        let identifier = try #require(packed)
        let basic = RemoteIDMessage(.basicID(RemoteIDBasicID(identifier, aircraftType: 2)))
        #expect(basic.bytes == octets(Reference.basicID))
        let pack = try #require(
            RemoteIDPack([basic, try message(Reference.location), try message(Reference.system)]))
        #expect(pack.bytes == octets(Reference.pack))
        #expect(RemoteIDPack([]) == nil)
        #expect(RemoteIDPack([RemoteIDMessage](repeating: basic, count: 10)) == nil)

        // Numbers that no field can hold are brought into it or are not available.
        body.directionDegrees = 359.7
        #expect(body.directionDegrees == 0)
        body.speedMetresPerSecond = 1000
        #expect(body.speedMetresPerSecond == 254.25)
        body.speedMetresPerSecond = .nan
        #expect(body.speedMetresPerSecond == nil)
        body.climbMetresPerSecond = -1e300
        #expect(body.climbMetresPerSecond == -62)
        body.geodeticAltitudeMetres = .infinity
        #expect(body.geodeticAltitudeMetres == nil)
    }

    @Test("any 25 bytes come back as they were", arguments: 0..<20 as Range<UInt64>)
    func random(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        for _ in 0..<200 {
            var bytes = (0..<25).map { _ in UInt8.random(in: 0...255, using: &random) }
            bytes[0] &= 0x7F
            let message = try RemoteIDMessage(bytes.span)
            #expect(message.bytes == bytes)
            var writer = JSONWriter()
            writer.beginObject()
            message.writeFields(to: &writer)
            writer.endObject()
            #expect(try JSONSerialization.jsonObject(with: Data(writer.text.utf8)) is [String: Any])
        }
    }

    @Test("the JSON view has exact decimals")
    func json() throws {
        var writer = JSONWriter()
        writer.beginObject()
        try message(Reference.location).writeFields(to: &writer)
        writer.endObject()
        #expect(
            writer.text == #"{"type":1,"version":2,"status":2,"isHeightOverGround":true,"isWest":true,"isFast":false,"#
                + #""directionDegrees":216,"speedMetresPerSecond":5.5,"climbMetresPerSecond":5,"#
                + #""latitudeDegrees":45.539309,"longitudeDegrees":-122.966389,"pressureAltitudeMetres":100,"#
                + #""geodeticAltitudeMetres":110,"heightMetres":80,"verticalAccuracy":6,"horizontalAccuracy":11,"#
                + #""pressureAccuracy":5,"speedAccuracy":3,"secondsOfHour":360.5,"timeAccuracySeconds":0.2}"#)
    }

    @Test("packs that are none are refused")
    func packs() {
        func fault(_ bytes: [UInt8]) -> RemoteIDFault? {
            do throws(RemoteIDFault) {
                _ = try RemoteIDPack(bytes.span)
                return nil
            } catch { return error }
        }
        let pack = octets(Reference.pack)
        #expect(fault(pack) == nil)
        for count in 0..<pack.count { #expect(fault(Array(pack[..<count])) == .truncated) }
        #expect(fault([0xF2, 24, 1] + pack) == .badPack)
        #expect(fault([0xF2, 25, 0] + pack) == .badPack)
        #expect(fault([0xF2, 25, 10] + pack + pack + pack + pack) == .badPack)
        #expect(fault([0xF2, 25, 1] + pack) == .nestedPack)
        #expect(fault(octets(Reference.basicID)) == .noRemoteID)
    }
}

@Suite("Remote ID to plots")
struct RemoteIDDecoderTests {
    /// Twenty past the hour.
    static let receivedAt = Timestamp(seconds: 1_700_000_400)

    private func decode(
        _ frames: [[UInt8]], _ framing: RemoteIDFraming = .message, from transmitter: UInt64? = nil,
        decoder: RemoteIDDecoder? = nil
    ) -> (plots: [Plot], problems: [RemoteIDProblem], decoder: RemoteIDDecoder) {
        var decoder = decoder ?? RemoteIDDecoder(sensor: SensorID(sac: 1, sic: 9), framing: framing)
        var reports: [SensorReport] = []
        var problems: [RemoteIDProblem] = []
        for frame in frames {
            decoder.decode(
                frame.span, from: transmitter, receivedAt: Self.receivedAt, into: &reports, problems: &problems)
        }
        let plots = reports.compactMap { report -> Plot? in
            guard case .plot(let plot) = report else { return nil }
            return plot
        }
        return (plots, problems, decoder)
    }

    @Test("each way that Remote ID travels gives the same plot")
    func framings() throws {
        let pack = octets(Reference.pack)
        let plain = self.decode([pack])
        let plot = try #require(plain.plots.first)
        #expect(plot.subject == .unmannedAircraft)
        #expect(plot.identity.uas?.description == "12345678901234567890")
        #expect(plot.geometricHeight == 110)
        #expect(plot.pressureAltitude == 100)
        #expect(plot.climbRate == 5)
        #expect(!plot.isOnGround)
        guard case .geodetic(let latitude, _, let deviation) = plot.measurement else { throw Wrong("not geodetic") }
        #expect(abs(latitude - 45.539309 * .pi / 180) < 1e-12)
        #expect(abs(deviation - 3 / 2.447746830680816) < 1e-12)
        // 360.5 s after the hour that is nearest to twenty past.
        #expect(plot.measuredAt.nanoseconds % 3_600_000_000_000 == 360_500_000_000)
        #expect(abs(plot.measuredAt.seconds(since: Self.receivedAt)) <= 1800)
        #expect(abs(hypot(plot.velocity?.east ?? 0, plot.velocity?.north ?? 0) - 5.5) < 1e-12)

        let flags: [UInt8] = [0x02, 0x01, 0x06]
        let bluetooth = flags + (RemoteIDFrame.bluetooth(pack, counter: 7) ?? [])
        #expect(self.decode([bluetooth], .bluetooth).plots == plain.plots)
        #expect(self.decode([octets(Reference.beacon)], .wifi).plots == plain.plots)
        #expect(self.decode([octets(Reference.serviceDiscovery)], .wifi).plots == plain.plots)
        #expect(octets(Reference.beacon).suffix(85) == RemoteIDFrame.beaconElement(pack, counter: 0x55)?[...])
        let none = self.decode([octets(Reference.synchronisation)], .wifi)
        #expect(none.problems.map(\.fault) == [.noRemoteID])
    }

    @Test("a location is of whom its transmitter said before, and of nobody without a transmitter")
    func identity() {
        let frames = [octets(Reference.basicID), octets(Reference.location)]
        #expect(self.decode(frames, from: 5).plots.first?.identity.uas?.description == "12345678901234567890")
        #expect(self.decode(frames).plots.first?.identity.uas == nil)
        // A place with nothing available is no plot.
        let empty = self.decode([octets(Reference.unavailable)])
        #expect(empty.plots == [])
        #expect(empty.decoder.tally.withoutPosition == 1)
    }

    @Test("the table of transmitters is bounded and forgets")
    func bounded() {
        var decoder = RemoteIDDecoder(sensor: SensorID(sac: 1, sic: 9), transmittersMax: 4, silenceMax: 10)
        var reports: [SensorReport] = []
        var problems: [RemoteIDProblem] = []
        let basic = octets(Reference.basicID)
        for i in 0..<10 {
            decoder.decode(
                basic.span, from: UInt64(i), receivedAt: Self.receivedAt, into: &reports, problems: &problems)
        }
        #expect(decoder.transmitterCount == 4)
        #expect(decoder.tally.tableFull == 6)
        decoder.decode(
            basic.span, from: 99, receivedAt: Self.receivedAt.advanced(by: 11), into: &reports, problems: &problems)
        #expect(decoder.transmitterCount == 1)
        // What was said too long ago is not said of a transmitter that speaks again.
        decoder.decode(
            octets(Reference.location).span, from: 99, receivedAt: Self.receivedAt.advanced(by: 30), into: &reports,
            problems: &problems)
        guard case .plot(let plot)? = reports.last else {
            Issue.record("no plot")
            return
        }
        #expect(plot.identity.uas == nil)
    }

    @Test("frames cut off anywhere, or damaged, trap nothing", arguments: RemoteIDFraming.allCases)
    func damaged(framing: RemoteIDFraming) {
        let frame: [UInt8] =
            switch framing {
            case .message: octets(Reference.pack)
            case .bluetooth: RemoteIDFrame.bluetooth(octets(Reference.pack), counter: 0) ?? []
            case .wifi: octets(Reference.serviceDiscovery)
            }
        for count in 0..<frame.count {
            let result = self.decode([Array(frame[..<count])], framing)
            #expect(result.problems.count + result.plots.count >= 1)
        }
        var random = SeededRandom(state: UInt64(framing.rawValue))
        for _ in 0..<2000 {
            var bytes = frame
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            for plot in self.decode([bytes], framing).plots {
                guard case .geodetic(let latitude, let longitude, let deviation) = plot.measurement else { continue }
                #expect(latitude.magnitude <= .pi / 2 && longitude.magnitude <= .pi && deviation > 0)
            }
        }
    }
}
