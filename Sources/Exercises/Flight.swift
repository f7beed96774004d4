import Geodesy
import Glibc

/// Where something is and how it moves.
struct Motion: Hashable, Sendable {
    /// Height above the ellipsoid, which is also the pressure altitude: the day of the exercise is a standard day.
    var position: Geodetic
    /// In the frame at `position`, metres per second.
    var velocity: EastNorthUp
}

/// A stretch of flight with constant acceleration along the track, rate of turn and rate of climb.
struct Piece: Sendable {
    /// Seconds since the exercise began.
    var start: Double
    /// Seconds.
    var duration: Double
    /// At the start.
    var position: Geodetic
    /// Direction over ground at the start, radians from true north.
    var track: Double
    /// Over ground at the start, metres per second.
    var speed: Double
    /// Along the track, metres per second squared; zero in a turn.
    var acceleration: Double
    /// Radians per second, clockwise positive.
    var turnRate: Double
    /// Metres per second.
    var climbRate: Double

    var end: Double { self.start + self.duration }

    /// Place, track and speed at a time; outside the stretch it is extrapolated.
    func at(_ time: Double) -> (position: Geodetic, track: Double, speed: Double) {
        let t = time - self.start
        let distance: Double
        var azimuth = self.track
        if self.turnRate == 0 {
            distance = (self.speed + 0.5 * self.acceleration * t) * t
        } else {
            // The chord of the arc.
            let half = 0.5 * self.turnRate * t
            distance = 2 * self.speed / self.turnRate * sin(half)
            azimuth += half
        }
        // Ground speed is flown at height, on a larger sphere than the ellipsoid below.
        let ground = distance / (1 + self.position.height / 6_371_000)
        var place = self.position.moved(distance: ground, azimuth: azimuth)
        place.height = self.position.height + self.climbRate * t
        // The meridians converge under a straight flight.
        let convergence =
            wrappedAngle(place.longitude - self.position.longitude)
            * sin(0.5 * (place.latitude + self.position.latitude))
        return (place, self.track + self.turnRate * t + convergence, self.speed + self.acceleration * t)
    }

    /// Place and velocity at a time.
    func motion(at time: Double) -> Motion {
        let (position, track, speed) = self.at(time)
        return Motion(
            position: position,
            velocity: EastNorthUp(east: speed * sin(track), north: speed * cos(track), up: self.climbRate))
    }
}

/// One flight: a plan and the stretch of it that is being flown.
///
/// The stretches are made one after the other as time passes; between them position and velocity do not jump.
struct Flight: Sendable {
    /// What the flight wants to do.
    struct Plan: Sendable {
        /// A point to pass, with the level to take from there on, metres.
        struct Waypoint: Sendable {
            var place: Geodetic
            var height: Double
        }

        /// The way; a landing ends at the last one.
        var waypoints: [Waypoint]
        /// Distances from each waypoint to the end, metres.
        var distanceLeft: [Double]
        /// Whether the last waypoint is a runway's threshold.
        var lands: Bool
        /// Speed over the threshold, metres per second.
        var thresholdSpeed: Double
        /// Rates of climb against those of the kind; also spreads the speeds.
        var vigour: Double
        /// Airspeed against that of the kind.
        var haste: Double
        var wind: Wind?

        init(waypoints: [Waypoint], lands: Bool, thresholdSpeed: Double, vigour: Double, haste: Double, wind: Wind?) {
            self.waypoints = waypoints
            self.distanceLeft = [Double](repeating: 0, count: waypoints.count)
            for i in waypoints.indices.dropLast().reversed() {
                self.distanceLeft[i] =
                    self.distanceLeft[i + 1]
                    + waypoints[i].place.geodesic(to: waypoints[i + 1].place).distance
            }
            self.lands = lands
            self.thresholdSpeed = thresholdSpeed
            self.vigour = vigour
            self.haste = haste
            self.wind = wind
        }
    }

    /// What the aircraft does in the horizontal plane.
    private enum Leg: Sendable {
        /// Decide how to go to the next waypoint.
        case aim
        /// Straight on for some metres, then on to the waypoint after the next.
        case straight(Double)
        /// Roll in, turn, roll out: which of the three, the angle at full bank, the full rate, the roll time.
        case turn(stage: Int, angle: Double, rate: Double, roll: Double)
    }

    let performance: Performance
    private(set) var plan: Plan
    private(set) var previous: Piece
    private(set) var current: Piece
    private var leg: Leg = .aim
    private var next = 0
    /// Stretches that were made beforehand, in order and without a gap; empty for a flight by plan.
    private let script: [Piece]
    /// Set when the plan is flown to its end, seconds since the exercise began.
    private(set) var end: Double?

    /// The metres that a waypoint may be missed by.
    private static let captureRadius = 150.0

    /// Starts a flight at a place, track and speed over ground.
    init(
        performance: Performance, plan: Plan, start: Double, position: Geodetic, track: Double, speed: Double
    ) {
        self.performance = performance
        self.plan = plan
        self.current = Piece(
            start: start, duration: 0, position: position, track: track, speed: speed, acceleration: 0, turnRate: 0,
            climbRate: 0)
        self.previous = self.current
        self.script = []
    }

    /// A flight whose stretches, at least one, are made already; where they end, it ends.
    init(script: [Piece]) {
        precondition(!script.isEmpty, "a flight has a stretch at least")
        self.performance = .airliner
        self.plan = Plan(waypoints: [], lands: false, thresholdSpeed: 0, vigour: 1, haste: 1, wind: nil)
        self.script = script
        self.current = script[0]
        self.previous = script[0]
        self.next = 1
        self.end = script[script.count - 1].end
    }

    /// All stretches from here to the end of the plan, or until one that ends after a time.
    func stretches(until time: Double) -> [Piece] {
        var flight = self
        var stretches: [Piece] = []
        while flight.end == nil, flight.current.end <= time {
            flight.step()
            if flight.end == nil { stretches.append(flight.current) }
        }
        return stretches
    }

    /// Moves the whole flight in time, before it is flown.
    mutating func delay(by seconds: Double) {
        self.current.start += seconds
        self.previous.start += seconds
        if let end = self.end { self.end = end + seconds }
    }

    /// Flies until a time or the end of the plan.
    mutating func advance(to time: Double) {
        while self.next < self.script.count, self.script[self.next].start <= time {
            self.current = self.script[self.next]
            self.next += 1
        }
        while self.end == nil, self.current.end <= time { self.step() }
    }

    /// Place and velocity at a time within this stretch or the one before; a script's at any time that is passed.
    func motion(at time: Double) -> Motion {
        if let last = self.script.last {
            var index = self.next - 1
            while index > 0, self.script[index].start > time { index -= 1 }
            return self.script[index].motion(at: min(max(time, self.script[0].start), last.end))
        }
        return self.plannedMotion(at: time)
    }

    private func plannedMotion(at time: Double) -> Motion {
        time < self.current.start ? self.previous.motion(at: time) : self.current.motion(at: time)
    }

    /// Begins the next stretch where this one ends.
    private mutating func step() {
        let now = self.current.end
        let (position, track, speed) = self.current.at(now)
        if case .aim = self.leg { self.aim(from: position, track: track, speed: speed) }
        guard case .some = self.legOrNil else {
            self.end = now
            return
        }
        var piece = Piece(
            start: now, duration: 600, position: position, track: wrappedAngle(track), speed: speed, acceleration: 0,
            turnRate: 0, climbRate: 0)
        let isFinal = self.plan.lands && self.next == self.plan.waypoints.count - 1
        switch self.leg {
        case .aim: break
        case .turn(let stage, let angle, let rate, let roll):
            piece.turnRate = stage == 1 ? rate : rate / 2
            piece.duration = stage == 1 ? abs(angle / rate) : roll
            self.vertical(&piece, metresToGo: 0)
            // A turn is cut only by the vertical plan, and goes on with what is left of it.
            let turned = piece.turnRate * piece.duration
            if stage == 1, abs(angle) - abs(turned) > 1e-6 {
                self.leg = .turn(stage: 1, angle: angle - turned, rate: rate, roll: roll)
            } else if stage != 1, roll - piece.duration > 1e-6 {
                // What is left of a roll is flown as a shorter roll, and the full roll out stays as it was.
                self.leg = .turn(stage: stage, angle: angle, rate: rate, roll: roll - piece.duration)
            } else {
                self.leg = stage == 2 ? .aim : .turn(stage: stage + 1, angle: angle, rate: rate, roll: roll)
            }
        case .straight(let metres):
            if isFinal {
                // Down to the threshold, at even deceleration and rate.
                let mean = max((speed + self.plan.thresholdSpeed) / 2, 15)
                piece.duration = metres / mean
                piece.acceleration = (self.plan.thresholdSpeed - speed) / max(piece.duration, 1)
                piece.climbRate =
                    (self.plan.waypoints[self.next].place.height - position.height) / max(piece.duration, 1)
                self.leg = .aim
                self.next += 1
            } else {
                self.vertical(&piece, metresToGo: metres)
                let needed = Self.duration(of: metres, speed: speed, acceleration: piece.acceleration)
                if needed <= piece.duration {
                    piece.duration = needed
                    self.leg = .aim
                    self.next += 1
                } else {
                    self.leg = .straight(
                        metres - (speed + 0.5 * piece.acceleration * piece.duration) * piece.duration)
                }
            }
        }
        if self.current.duration > 0.05 { self.previous = self.current }
        self.current = piece
    }

    /// The leg, or nil when `aim` found no waypoint left.
    private var legOrNil: Leg? { self.next < self.plan.waypoints.count ? self.leg : nil }

    /// Seconds to cover a distance, from s = v t + ½ a t².
    private static func duration(of metres: Double, speed: Double, acceleration a: Double) -> Double {
        guard abs(a) > 1e-9 else { return metres / max(speed, 1) }
        let root = speed * speed + 2 * a * metres
        return root <= 0 ? .infinity : 2 * metres / (speed + root.squareRoot())
    }

    /// Chooses the next leg: a turn if the waypoint is not ahead, else straight to where the next turn begins.
    private mutating func aim(from position: Geodetic, track: Double, speed: Double) {
        while self.next < self.plan.waypoints.count {
            let waypoint = self.plan.waypoints[self.next].place
            let isLast = self.next == self.plan.waypoints.count - 1
            let (distance, azimuth, arrival) = position.geodesic(to: waypoint)
            let difference = wrappedAngle(azimuth - track)
            let rate = self.performance.turnRate(speed)
            let radius = speed / rate
            let isBehind = abs(difference) > 1.4 && distance < 2.5 * radius
            if distance < Self.captureRadius || isBehind {
                self.next += 1
                continue
            }
            if abs(difference) > 0.004 {
                // Half the rate while rolling in and out; a small turn never reaches the full bank.
                let roll = self.performance.rollTime
                let full = abs(difference) - rate * roll
                let signed = difference < 0 ? -rate : rate
                self.leg =
                    full > 0
                    ? .turn(stage: 0, angle: difference < 0 ? -full : full, rate: signed, roll: roll)
                    : .turn(stage: 0, angle: 0, rate: difference / roll, roll: roll)
                return
            }
            // Begin the turn before the waypoint, so as to fly by it.
            var lead = 0.0
            if !isLast {
                let onward = waypoint.geodesic(to: self.plan.waypoints[self.next + 1].place).azimuth
                let turn = min(abs(wrappedAngle(onward - arrival)), 2)
                lead = radius * tan(turn / 2) + speed * self.performance.rollTime / 2 * (turn > 0.05 ? 1 : 0)
            }
            self.leg = .straight(max(distance - min(lead, 0.5 * distance), 1) * (1 + position.height / 6_371_000))
            return
        }
    }

    /// Sets rate of climb and acceleration of a stretch, and ends it where the vertical plan changes.
    private func vertical(_ piece: inout Piece, metresToGo: Double) {
        let height = piece.position.height
        let isTurn = piece.turnRate != 0
        var target = self.plan.waypoints[max(self.next - 1, 0)].height
        if self.plan.lands {
            let last = self.plan.waypoints.count - 1
            let approach = self.plan.waypoints[last - 1].height
            let toGo =
                self.plan.distanceLeft[self.next] - self.plan.distanceLeft[last - 1]
                + piece.position.geodesic(to: self.plan.waypoints[self.next].place).distance
            let needed =
                height <= approach
                ? 0
                : 9000 + 1.1
                    * self.performance.distance(
                        from: approach, to: height, climbing: false, factor: self.plan.vigour)
                    * max(piece.speed / self.performance.trueAirspeed(height), 1)
            if toGo <= needed || height <= approach && toGo < 40_000 {
                target = min(target, approach)
            } else if !isTurn {
                piece.duration = min(piece.duration, max((toGo - needed) / max(piece.speed, 1), 0.5))
            }
        }
        if abs(target - height) < 1 {
            guard !isTurn else { return }
            let lack = self.groundSpeed(height, track: piece.track) - piece.speed
            guard abs(lack) > 0.5 else { return }
            piece.acceleration = lack < 0 ? -0.5 : 0.5
            piece.duration = min(piece.duration, abs(lack) / 0.5)
            return
        }
        let climbing = target > height
        let index = self.performance.band(height, climbing: climbing)
        let band = self.performance.bands[index]
        let rate =
            Speed.feetPerMinute(climbing ? band.climbFeetPerMinute : -band.descentFeetPerMinute).metresPerSecond
            * self.plan.vigour
        var edge = target
        if climbing, index < self.performance.bands.count - 1 { edge = min(edge, band.topFeet * 0.3048) }
        if !climbing, index > 0 { edge = max(edge, self.performance.bands[index - 1].topFeet * 0.3048) }
        let seconds = (edge - height) / rate
        piece.climbRate = rate
        piece.duration = min(piece.duration, max(seconds, 0.1))
        if !isTurn {
            piece.acceleration = max(
                -0.8, min(0.8, (self.groundSpeed(edge, track: piece.track) - piece.speed) / max(seconds, 2)))
        }
    }

    /// What the aircraft would make over ground in level flight.
    private func groundSpeed(_ height: Double, track: Double) -> Double {
        let airspeed = self.performance.trueAirspeed(height) * self.plan.haste
        return self.plan.wind?.groundSpeed(airspeed: airspeed, track: track, height: height) ?? airspeed
    }
}
