import Air
import Geodesy
import Glibc
import Testing

@testable import Plausibility

let start = Timestamp(nanoseconds: 1_795_266_000_000_000_000)
let radar = Sensor(
    id: SensorID(sac: 1, sic: 1), name: "radar",
    site: Geodetic(latitudeDegrees: 35, longitudeDegrees: 139, height: 300),
    kind: .radar(period: 5), coverage: 900...400_000)
let receiver = Sensor(
    id: SensorID(sac: 1, sic: 2), name: "receiver",
    site: Geodetic(latitudeDegrees: 35, longitudeDegrees: 139, height: 300), kind: .receiver, primary: nil,
    secondary: nil, coverage: 0...400_000)
let otherReceiver = Sensor(
    id: SensorID(sac: 1, sic: 3), name: "other receiver",
    site: Geodetic(latitudeDegrees: 36, longitudeDegrees: 140, height: 300), kind: .receiver, primary: nil,
    secondary: nil, coverage: 0...400_000)

/// An aircraft that flies straight, and what sensors report of it.
struct Flight {
    var address: UInt32 = 0x86_1234
    var from = Geodetic(latitudeDegrees: 35.5, longitudeDegrees: 139.2, height: 9_000)
    var speed = 230.0
    var heading = 0.9
    var callsign = "JAL123"
    var deviation = 30.0

    func place(_ t: Double) -> Geodetic { self.from.moved(distance: self.speed * t, azimuth: self.heading) }

    func broadcast(_ t: Double, by sensor: Sensor = receiver) -> Plot {
        let place = self.place(t)
        var plot = Plot(
            sensor: sensor.id, measuredAt: start.advanced(by: t), receivedAt: start.advanced(by: t + 0.1),
            kind: .broadcast,
            measurement: .geodetic(latitude: place.latitude, longitude: place.longitude, deviation: self.deviation),
            pressureAltitude: place.height, geometricHeight: place.height + 40,
            velocity: Plot.Velocity(
                north: self.speed * cos(self.heading), east: self.speed * sin(self.heading), deviation: 1))
        plot.identity = Identity(address: ICAOAddress(self.address), callsign: Callsign(self.callsign))
        return plot
    }

    func reply(_ t: Double) -> Plot {
        let place = Polar(LocalFrame(origin: radar.site).displacement(of: self.place(t)))
        return Plot(
            sensor: radar.id, measuredAt: start.advanced(by: t), receivedAt: start.advanced(by: t + 0.3), kind: .modeS,
            measurement: .polar(range: place.range, azimuth: place.azimuth, elevation: nil),
            pressureAltitude: self.from.height,
            identity: Identity(
                address: ICAOAddress(self.address), mode3A: Mode3A(octal: "4213"), callsign: Callsign(self.callsign)),
            sensorTrackNumber: 17)
    }
}

/// The doubts of plots, one after the other, as a fresh guard judges them.
func judged(_ plots: [Plot]) -> [Doubts] {
    var watch = PlausibilityGuard(
        sensors: [radar, receiver, otherReceiver],
        configuration: .init(aircraftMax: 1024, messagesMax: 4096, areasMax: 64))
    var reports = plots.sorted { $0.receivedAt < $1.receivedAt }.map { SensorReport.plot($0) }
    watch.judge(&reports)
    return reports.compactMap { if case .plot(let plot) = $0 { plot.doubts } else { nil } }
}

@Suite("Plausibility: rules") struct RuleTests {
    @Test("an honest flight seen by two receivers and a radar raises no doubt")
    func honest() {
        let flight = Flight()
        var plots: [Plot] = []
        for second in 0..<120 {
            let t = Double(second)
            plots += [flight.broadcast(t), flight.broadcast(t + 0.001, by: otherReceiver)]
            if second % 5 == 0 { plots.append(flight.reply(t + 0.4)) }
        }
        #expect(judged(plots).allSatisfy { $0.isEmpty })
    }

    @Test("a jump of two kilometres is an impossible motion", arguments: [2_000.0, 20_000, 900_000])
    func jump(metres: Double) {
        var other = Flight()
        other.from = other.from.moved(distance: metres, azimuth: 2)
        let doubts = judged((0..<20).map { ($0 < 10 ? Flight() : other).broadcast(Double($0)) })
        #expect(doubts[..<10].allSatisfy { $0.isEmpty })
        #expect(doubts[10].contains(.impossibleMotion))
        #expect(!doubts[19].contains(.impossibleMotion) && !doubts.contains { $0.contains(.duplicateAddress) })
    }

    @Test("a reported speed and altitudes that leap are impossible motions")
    func limits() {
        var fast = Flight().broadcast(0)
        fast.velocity?.north = 1_600
        var high = Flight().broadcast(2)
        high.pressureAltitude = 12_500
        high.geometricHeight = nil
        #expect(judged([fast])[0] == .impossibleMotion)
        #expect(judged([Flight().broadcast(0), Flight().broadcast(1), high])[2].contains(.impossibleMotion))
    }

    @Test("an aircraft whose place stands still while its velocity flies on is found within a minute")
    func frozen() {
        let doubts = judged(
            (0..<60).map {
                var plot = Flight().broadcast(Double($0))
                plot.measurement = Flight().broadcast(0).measurement
                return plot
            })
        #expect(doubts[59].contains(.impossibleMotion))
    }

    @Test("one address at two places is marked on both, and a jump is not taken for it")
    func duplicate() {
        var ghost = Flight()
        ghost.from = ghost.from.moved(distance: 60_000, azimuth: 1)
        var plots: [Plot] = []
        for second in 0..<30 {
            plots.append(Flight().broadcast(Double(second)))
            if second >= 10 { plots.append(ghost.broadcast(Double(second) + 0.5, by: otherReceiver)) }
        }
        let doubts = judged(plots)
        #expect(doubts.suffix(10).allSatisfy { $0.contains(.duplicateAddress) })
        #expect(doubts.prefix(10).allSatisfy { $0.isEmpty })
    }

    @Test("a broadcast from below the horizon of its receiver, or beyond its range, is marked")
    func horizon() {
        var low = Flight()
        low.from = radar.site.moved(distance: 250_000, azimuth: 1)
        low.from.height = 300
        var far = Flight()
        far.from = radar.site.moved(distance: 440_000, azimuth: 1)
        far.from.height = 12_000
        var near = Flight()
        near.from = radar.site.moved(distance: 250_000, azimuth: 1)
        near.from.height = 11_000
        #expect(judged([low.broadcast(0)])[0] == .beyondHorizon)
        #expect(judged([far.broadcast(0)])[0] == .beyondHorizon)
        #expect(judged([near.broadcast(0)])[0] == [])
    }

    @Test("a broadcast that radar contradicts three times is marked until radar agrees")
    func radarDiffers() {
        var plots: [Plot] = []
        for second in 0..<60 {
            var said = Flight()
            if second < 40 { said.from = said.from.moved(distance: 6_000, azimuth: 2) }
            plots.append(said.broadcast(Double(second)))
            if second % 5 == 0 { plots.append(Flight().reply(Double(second) + 0.5)) }
        }
        let broadcasts = zip(plots.sorted { $0.receivedAt < $1.receivedAt }, judged(plots))
            .filter { $0.0.kind == .broadcast }.map(\.1)
        #expect(!broadcasts[9].contains(.radarDiffers))
        #expect(broadcasts[12..<40].allSatisfy { $0.contains(.radarDiffers) })
        #expect(!broadcasts[59].contains(.radarDiffers))
    }

    @Test("stamps from the future, the far past and going back are marked, a little disorder is not")
    func time() {
        func stamped(_ seconds: [Double]) -> [Doubts] {
            judged(
                seconds.enumerated().map { index, offset in
                    var plot = Flight().reply(Double(index) * 4)
                    plot.measuredAt = plot.receivedAt.advanced(by: offset)
                    return plot
                })
        }
        #expect(stamped([-1, 3])[1].contains(.fromFuture))
        #expect(stamped([-1, -40])[1].contains(.fromPast))
        #expect(stamped([-1, -25])[1].contains(.timeReversed))
        #expect(
            stamped([-1, -5, -1, -6, 0.5]).allSatisfy { $0.isDisjoint(with: [.fromFuture, .fromPast, .timeReversed]) })
        // A clock that was put back for good is believed after a minute.
        #expect(!stamped([-1] + Array(repeating: -25, count: 30))[30].contains(.timeReversed))
    }

    @Test("a stream that is sent again with new stamps is a replay, also from another sensor")
    func replay() {
        let flight = Flight()
        var plots = (0..<40).map { flight.broadcast(Double($0)) }
        plots += plots.map { plot in
            var again = plot
            again.sensor = otherReceiver.id
            again.measuredAt = plot.measuredAt.advanced(by: 600)
            again.receivedAt = plot.receivedAt.advanced(by: 600)
            return again
        }
        let doubts = judged(plots)
        #expect(doubts[..<40].allSatisfy { $0.isEmpty })
        #expect(doubts[43...].allSatisfy { $0.contains(.replay) })
    }

    @Test("what stands still is no replay, though it says the same for an hour")
    func parked() {
        var parked = Flight()
        parked.speed = 0
        #expect(judged((0..<720).map { parked.broadcast(Double($0) * 5) }).allSatisfy { !$0.contains(.replay) })
    }

    @Test("heights that no air puts apart are marked, a hot day's are not")
    func altitudes() {
        func apart(_ metres: Double) -> Doubts {
            var plot = Flight().broadcast(0)
            plot.geometricHeight = 9_000 + metres
            return judged([plot])[0]
        }
        #expect(apart(4_000) == .altitudeMismatch && apart(-4_000) == .altitudeMismatch)
        #expect(apart(900) == [] && apart(-900) == [])
        var nonsense = Flight().broadcast(0)
        nonsense.geometricHeight = .nan
        #expect(judged([nonsense])[0].contains(.altitudeMismatch))
    }

    @Test("on the ground at nine kilometres, or at the speed of an airliner, is marked")
    func ground() {
        var high = Flight().broadcast(0)
        high.isOnGround = true
        var parked = high
        parked.velocity = nil
        parked.pressureAltitude = 4_300
        parked.geometricHeight = nil
        #expect(judged([high])[0] == .groundInFlight)
        #expect(judged([parked])[0] == [])
    }

    @Test("a callsign changes on the ground, not in flight; a code now and then, not at each look")
    func identity() {
        var renamed = Flight()
        renamed.callsign = "ANA9"
        #expect(judged((0..<250).map { ($0 < 200 ? Flight() : renamed).broadcast(Double($0)) })[200] == .identityChange)
        let taxi = (0..<9).map { second in
            var plot = (second < 5 ? Flight() : renamed).broadcast(0)
            plot.measuredAt = start.advanced(by: Double(second))
            plot.receivedAt = plot.measuredAt
            plot.isOnGround = true
            plot.velocity = nil
            plot.pressureAltitude = 30
            plot.geometricHeight = nil
            return plot
        }
        #expect(judged(taxi).allSatisfy { $0.isEmpty })
        func coded(_ codes: [String]) -> [Doubts] {
            judged(
                codes.enumerated().map { index, code in
                    var plot = Flight().reply(Double(index) * 5)
                    plot.identity.mode3A = Mode3A(octal: code)
                    return plot
                })
        }
        #expect(coded(["4213", "4213", "5102", "5102"]).allSatisfy { $0.isEmpty })
        #expect(coded(["4213", "7700", "7700", "7700"]).allSatisfy { $0.isEmpty })
        #expect(coded(["4213", "4214", "4215", "4216", "4217"])[4] == .identityChange)
    }

    @Test("an address that takes over the track number of another in flight is marked")
    func addressChange() {
        var masked = Flight()
        masked.address = 0x86_9999
        let doubts = judged((0..<10).map { ($0 < 5 ? Flight() : masked).reply(Double($0) * 5) })
        #expect(doubts[5] == .identityChange)
        #expect(doubts[6...].allSatisfy { $0.isEmpty })
    }

    @Test(
        "addresses of nobody are marked, lent ones are not",
        arguments: [
            (0, true), (0xFF_FFFF, true), (0xB0_1234, true), (0xD1_2345, true), (0xF1_0000, true), (0xF0_0001, false),
            (0xF0_9100, false), (0x84_0001, false), (0xA0_0001, false), (0x00_0001, false),
        ])
    func reserved(address: UInt32, isReserved: Bool) {
        var flight = Flight()
        flight.address = address
        #expect(judged([flight.broadcast(0)])[0] == (isReserved ? .reservedAddress : []))
    }

    @Test("an emergency is no doubt", arguments: ["7500", "7600", "7700"])
    func emergency(code: String) {
        var plot = Flight().reply(0)
        plot.identity.mode3A = Mode3A(octal: code)
        #expect(judged([plot])[0] == [])
    }

    @Test("numbers that are none, and any time, do not trap")
    func nonsense() {
        var plots: [Plot] = []
        for value in [Double.nan, .infinity, -.infinity, 1e300, -1e300, 0, 1e9] {
            for instant in [Int64.min, .max, 0, start.nanoseconds] {
                var plot = Flight().broadcast(1)
                plot.measurement = .geodetic(latitude: value, longitude: value, deviation: value)
                plot.velocity = Plot.Velocity(north: value, east: value, deviation: value)
                plot.pressureAltitude = value
                plot.geometricHeight = value
                plot.climbRate = value
                plot.measuredAt = Timestamp(nanoseconds: instant)
                plots.append(plot)
                plot.receivedAt = Timestamp(nanoseconds: instant)
                plot.measurement = .geodetic(latitude: 0.6, longitude: value, deviation: value)
                plots.append(plot)
                plot.kind = .modeS
                plot.sensor = radar.id
                plot.measurement = .polar(range: value, azimuth: value, elevation: value)
                plots.append(plot)
                plot.measurement = .polar(range: 50_000, azimuth: 1, elevation: value)
                plots.append(plot)
            }
        }
        #expect(judged(plots).count == plots.count)
        #expect(judged(plots.reversed()).count == plots.count)
    }

    @Test("what is remembered of an aircraft and of an area has its size")
    func sizes() {
        #expect(MemoryLayout<Aircraft>.stride <= 480 && MemoryLayout<Area>.stride <= 400)
        #expect(MemoryLayout<Track>.size < 600)
    }
}
