import Air
import Geodesy
import Glibc
import Testing

@testable import Tracking

@Suite("Parts of the tracker")
struct PartsTests {
    @Test("an assignment costs no more than the best that trying all finds", arguments: 0..<300 as Range<UInt64>)
    func assignmentIsOptimal(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let rows = Int.random(in: 1...6, using: &random), tracks = Int.random(in: 0...6, using: &random)
        var costs = [[Double]](
            repeating: [Double](repeating: Assignment.forbidden, count: tracks), count: rows)
        var assignment = Assignment()
        // What an earlier, larger problem left behind must not show.
        assignment.begin(rows: 7, tracks: 7)
        assignment.solve()
        assignment.begin(rows: rows, tracks: tracks)
        for row in 0..<rows {
            for column in 0..<tracks where Bool.random(using: &random) {
                costs[row][column] = Double(Int.random(in: -9...3, using: &random))
                assignment.setCost(row: row, column: column, costs[row][column])
            }
        }
        func best(_ row: Int, _ taken: Int) -> Double {
            guard row < rows else { return 0 }
            var least = best(row + 1, taken)
            for column in 0..<tracks where taken & (1 << column) == 0 {
                least = min(least, costs[row][column] + best(row + 1, taken | 1 << column))
            }
            return least
        }
        assignment.solve()
        var sum = 0.0, taken = Set<Int>()
        for row in 0..<rows {
            let column = assignment.column(ofRow: row)
            #expect(taken.insert(column).inserted)
            if column < tracks { sum += costs[row][column] } else { #expect(column == tracks + row) }
        }
        #expect(sum == best(0, 0))
    }

    @Test("a flat table answers as a dictionary", arguments: 0..<20 as Range<UInt64>)
    func tableEqualsDictionary(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var table = FlatTable(minimumCapacity: 4), dictionary: [UInt64: Int32] = [:]
        for step in 0..<5_000 {
            // Few keys, so that chains form and break; multiples of a power of two, so that they meet.
            let key = UInt64.random(in: 0..<300, using: &random) << 33
            if Bool.random(using: &random) {
                table.set(key, Int32(step))
                dictionary[key] = Int32(step)
            } else {
                table.remove(key)
                dictionary[key] = nil
            }
            let asked = UInt64.random(in: 0..<300, using: &random) << 33
            #expect(table.value(asked) == dictionary[asked] ?? -1)
        }
        #expect(table.count == dictionary.count)
    }

    @Test(
        "the grid finds every track in reach, also at the poles and the date line", arguments: 0..<20 as Range<UInt64>)
    func gridFindsAll(seed: UInt64) {
        var random = SplitMix64(state: seed)
        let centres = [
            Geodetic(latitudeDegrees: 90, longitudeDegrees: 0), Geodetic(latitudeDegrees: -89.9, longitudeDegrees: 77),
            Geodetic(latitudeDegrees: 10, longitudeDegrees: 180), Geodetic(latitudeDegrees: 0, longitudeDegrees: 0),
        ]
        var grid = TrackGrid()
        var places: [SIMD3<Double>] = []
        for slot in 0..<400 {
            let centre = SIMD3(Geocentric(centres[slot % 4]))
            let place = centre + SIMD3<Double>.random(in: -80_000...80_000, using: &random)
            grid.move(slot, to: place)
            places.append(place)
        }
        for slot in 0..<400 where slot % 3 == 0 {
            places[slot] += SIMD3<Double>.random(in: -60_000...60_000, using: &random)
            grid.move(slot, to: places[slot])
        }
        for slot in 0..<400 where slot % 7 == 0 { grid.remove(slot) }
        for centre in centres {
            let here = SIMD3(Geocentric(centre)) + SIMD3<Double>.random(in: -40_000...40_000, using: &random)
            let radius = Double.random(in: 1_000...45_000, using: &random)
            var found = Set<Int>()
            grid.forEach(near: here, radius: radius) { slot in
                #expect(found.insert(slot).inserted)
            }
            for slot in 0..<400 where slot % 7 != 0 {
                let d = places[slot] - here
                if dot(d, d) < radius * radius { #expect(found.contains(slot)) }
            }
            #expect(found.allSatisfy { $0 % 7 != 0 })
        }
    }

    @Test(
        "the ground below a place is that of the exact conversion",
        arguments: [-90, -89.999_99, -60, -0.001, 0, 0.5, 35.7, 52, 89.9, 90])
    func ground(latitude: Double) {
        for longitude in [-180, -179.999, -90, 0, 12.5, 179.999] {
            for height in [-400.0, 0, 9_000, 30_000, 100_000] {
                let place = Geodetic(latitudeDegrees: latitude, longitudeDegrees: longitude, height: height)
                let ground = Ground(below: SIMD3(Geocentric(place)))
                #expect(abs(ground.height - height) < 1e-3)
                #expect(Geocentric(ground.geodetic).distance(to: Geocentric(place)) < 2e-3)
            }
        }
    }

    @Test("heights in a track's frame are right to a decimetre within five kilometres, at any latitude")
    func frameHeights() {
        for latitude in [0.0, 35, 52, 80, 89.99] {
            let origin = Geodetic(latitudeDegrees: latitude, longitudeDegrees: 179.99)
            let frame = TangentFrame(below: SIMD3(Geocentric(origin)))
            for azimuth in stride(from: 0.0, to: 6.28, by: 0.5) {
                var place = origin.moved(distance: 5_000, azimuth: azimuth)
                place.height = 11_000
                let (p, height) = frame.coordinates(of: SIMD3(Geocentric(place)))
                #expect(abs(height - 11_000) < 0.1)
                let back = frame.place(p, height: height)
                #expect((back - SIMD3(Geocentric(place))).max() < 1e-6)
            }
        }
    }

    /// The textbook's filter on plain matrices, to hold the filter in blocks against.
    struct Textbook {
        var x = Vector<5>.zero
        var p = Matrix<5, 5>.zero

        init(_ m: Motion) {
            let values = [m.p.x, m.p.y, m.v.x, m.v.y, m.w]
            for i in 0..<5 { self.x[i] = values[i] }
            self.p = Matrix([
                [m.pp.a, m.pp.b, m.pv.a, m.pv.b, m.pw.x], [m.pp.c, m.pp.d, m.pv.c, m.pv.d, m.pw.y],
                [m.pv.a, m.pv.c, m.vv.a, m.vv.b, m.vw.x], [m.pv.b, m.pv.d, m.vv.c, m.vv.d, m.vw.y],
                [m.pw.x, m.pw.y, m.vw.x, m.vw.y, m.ww],
            ])
        }

        mutating func take(_ z: Vector<2>, _ h: Matrix<2, 5>, _ r: Matrix<2, 2>) throws {
            let s = h * self.p.timesTransposed(h) + r
            let k = self.p.timesTransposed(h) * (try s.inverted())
            self.x = self.x + k * (z - h * self.x)
            let keep = Matrix<5, 5>.identity - k * h
            self.p = keep * self.p.timesTransposed(keep) + k * r.timesTransposed(k)
        }

        func difference(_ m: Motion) -> Double {
            let other = Textbook(m)
            var most = 0.0
            for i in 0..<5 {
                most = max(most, abs(self.x[i] - other.x[i]) / (1 + abs(self.x[i])))
                for j in 0..<5 { most = max(most, abs(self.p[i, j] - other.p[i, j]) / (1 + abs(self.p[i, j]))) }
            }
            return most
        }
    }

    /// A motion with a random covariance that is one.
    func motion(_ random: inout SplitMix64) -> Motion {
        var root = Matrix<5, 5>.zero
        let scale = [200.0, 200, 20, 20, 0.02]
        for i in 0..<5 { for j in 0..<5 { root[i, j] = scale[i] * random.gauss() } }
        let p = root.timesTransposed(root)
        var m = Motion(
            p: SIMD2(1_000 * random.gauss(), 1_000 * random.gauss()),
            v: SIMD2(200 * random.gauss(), 200 * random.gauss()), pp: Matrix2(p[0, 0], p[0, 1], p[1, 0], p[1, 1]),
            vv: Matrix2(p[2, 2], p[2, 3], p[3, 2], p[3, 3]))
        m.pv = Matrix2(p[0, 2], p[0, 3], p[1, 2], p[1, 3])
        m.pw = SIMD2(p[0, 4], p[1, 4])
        m.vw = SIMD2(p[2, 4], p[3, 4])
        m.ww = p[4, 4]
        m.w = 0.03 * random.gauss()
        return m
    }

    @Test("updates by blocks are the textbook's updates in Joseph's form", arguments: 0..<50 as Range<UInt64>)
    func updateEqualsTextbook(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        var m = self.motion(&random)
        var textbook = Textbook(m)
        let noise = Matrix2(900, 200, 200, 400)
        let r = Matrix<2, 2>([[900, 200], [200, 400]])
        var z = Vector<2>.zero
        z[0] = m.p.x + 100 * random.gauss()
        z[1] = m.p.y + 100 * random.gauss()
        m.take(position: SIMD2(z[0], z[1]), noise: noise)
        try textbook.take(z, Matrix([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0]]), r)
        #expect(textbook.difference(m) < 1e-9)
        z[0] = m.v.x + 10 * random.gauss()
        z[1] = m.v.y + 10 * random.gauss()
        m.take(velocity: SIMD2(z[0], z[1]), noise: noise)
        try textbook.take(z, Matrix([[0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]), r)
        #expect(textbook.difference(m) < 1e-9)
        #expect(m.isSound)
    }

    @Test("a turn goes round a circle, and its covariance as the derivative says", arguments: 0..<50 as Range<UInt64>)
    func turnIsExact(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var m = self.motion(&random)
        if seed == 0 { m.w = 1e-9 }
        let dt = Double.random(in: -3...12, using: &random)
        func moved(_ x: Vector<5>) -> Vector<5> {
            // In a thousand straight pieces.
            var y = x
            for _ in 0..<1_000 {
                let h = dt / 1_000
                let angle = x[4] * h
                let (vx, vy) = (y[2], y[3])
                y[2] = vx * cos(angle) - vy * sin(angle)
                y[3] = vx * sin(angle) + vy * cos(angle)
                y[0] += 0.5 * h * (vx + y[2])
                y[1] += 0.5 * h * (vy + y[3])
            }
            return y
        }
        let before = Textbook(m)
        var f = Matrix<5, 5>.zero
        let steps = [1.0, 1, 0.1, 0.1, 1e-5]
        for j in 0..<5 {
            var low = before.x, high = before.x
            low[j] -= steps[j]
            high[j] += steps[j]
            let derivative = (0.5 / steps[j]) * (moved(high) - moved(low))
            for i in 0..<5 { f[i, j] = derivative[i] }
        }
        var expected = before
        expected.x = moved(before.x)
        expected.p = f * before.p.timesTransposed(f)
        m.turn(dt, noise: 0, rateNoise: 0)
        #expect(expected.difference(m) < 1e-3)
    }

    @Test("there and back again without noise is where it was", arguments: 0..<20 as Range<UInt64>)
    func shiftIsReversible(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var m = self.motion(&random)
        let before = Textbook(m)
        m.flyStraight(-2.5, noise: 7)
        m.flyStraight(2.5, noise: 0)
        #expect(before.difference(m) < 1e-6)
        m.turn(-2.5, noise: 0, rateNoise: 0)
        m.turn(2.5, noise: 0, rateNoise: 0)
        #expect(before.difference(m) < 1e-6)
    }

    @Test("a new frame changes the numbers of a track, and not where it is or how sure")
    func reframing() {
        var random = SplitMix64(state: 3)
        for latitude in [0.0, 52, 85, 89.9] {
            let origin = Geodetic(latitudeDegrees: latitude, longitudeDegrees: -179.98)
            var motion = self.motion(&random)
            motion.p = SIMD2(-3_500, 2_000)
            let parameters = TrackerParameters()
            var state = TrackState(
                time: Timestamp(nanoseconds: 0), frame: TangentFrame(below: SIMD3(Geocentric(origin))),
                mixture: MotionMixture(motion, agile: 0.3, parameters: parameters),
                vertical: Vertical(height: 9_000, climb: 3, hh: 100, cc: 1))
            let record = TrackRecord(
                track: Track(
                    id: TrackID(1), status: .tentative, measuredAt: Timestamp(nanoseconds: 0),
                    receivedAt: Timestamp(nanoseconds: 0), position: origin),
                score: 0, startScore: 0)
            let before = record.snapshot(&state, after: 0, parameters)
            state.recentre(parameters)
            #expect(dot(state.mixture.motions[0].p, state.mixture.motions[0].p) < 1)
            let after = record.snapshot(&state, after: 0, parameters)
            #expect(Geocentric(before.position).distance(to: Geocentric(after.position)) < 0.1)
            #expect(abs(before.velocity.east - after.velocity.east) < 0.01)
            #expect(abs(before.velocity.north - after.velocity.north) < 0.01)
            for i in 0..<4 {
                let scale = before.covariance[i, i]
                #expect(abs(before.covariance[i, i] - after.covariance[i, i]) < 1e-3 * scale)
            }
        }
    }

    @Test("a slant range with a known height is brought to the ground within a metre", arguments: [0.0, 35, 52, 78])
    func slantRange(latitude: Double) {
        let site = Geodetic(latitudeDegrees: latitude, longitudeDegrees: 10, height: 300)
        let sensor = radar(1, at: site)
        let parameters = TrackerParameters()
        let s = Site(sensor, parameters: parameters)
        let frame = LocalFrame(origin: site)
        for distance in [3_000.0, 20_000, 120_000, 390_000] {
            for azimuth in stride(from: 0.1, to: 6.2, by: 0.7) {
                var place = site.moved(distance: distance, azimuth: azimuth)
                place.height = 10_000
                let polar = Polar(frame.displacement(of: place))
                let plot = Plot(
                    sensor: sensor.id, measuredAt: Timestamp(nanoseconds: 0), receivedAt: Timestamp(nanoseconds: 0),
                    kind: .secondary,
                    measurement: .polar(range: polar.range, azimuth: polar.azimuth, elevation: nil),
                    pressureAltitude: 10_000)
                guard let prepared = PreparedPlot(plot, site: 0, s, clutter: 0.01, parameters) else {
                    Issue.record("a good plot was refused")
                    continue
                }
                let tangent = TangentFrame(below: SIMD3(Geocentric(place)))
                var vertical = Vertical(height: 10_000, climb: 0, hh: 1, cc: 1)
                let sighting = vertical.sight(prepared.measured, from: s, in: tangent, parameters)
                #expect(dot(sighting.planar.position, sighting.planar.position).squareRoot() < 1)
                // Range and azimuth noise lie along and across the beam.
                let across = 0.06 * .pi / 180 * polar.range * cos(polar.elevation)
                #expect(abs(sighting.planar.noise.determinant.squareRoot() / across) > 25)
            }
        }
    }
}

@Suite("Bounds of a tracker")
struct TrackerBoundsTests {
    @Test("beyond the most tracks none is begun, and that is counted; numbers follow the first one given")
    func full() {
        var parameters = TrackerParameters()
        parameters.tracksMax = 5
        parameters.firstID = TrackID(1000)
        var tracker = Tracker(sensors: [], parameters: parameters)
        var changes: [TrackChange] = []
        for turn in 0..<6 {
            let now = Timestamp(seconds: Double(1_000_000 + turn))
            let reports = (0..<9).map { index in
                SensorReport.plot(
                    Plot(
                        sensor: SensorID(sac: 1, sic: 1), measuredAt: now, receivedAt: now, kind: .broadcast,
                        measurement: .geodetic(latitude: 0.6 + 0.01 * Double(index), longitude: 2.4, deviation: 30),
                        pressureAltitude: 9000, velocity: Plot.Velocity(north: 0, east: 0, deviation: 1),
                        identity: Identity(address: ICAOAddress(UInt32(index + 1)))))
            }
            tracker.process(reports.span, now: now, into: &changes)
        }
        #expect(tracker.tally.full == 24)
        #expect(tracker.tally.initiated == 5)
        var ids: Set<UInt32> = []
        for case .updated(let track) in changes { ids.insert(track.id.rawValue) }
        #expect(ids == [1000, 1001, 1002, 1003, 1004])
    }
}
