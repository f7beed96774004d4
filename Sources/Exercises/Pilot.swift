import Geodesy
import Glibc

/// Flies stretch by stretch and writes the stretches down; between two of them position, track and speed do not jump.
struct Pilot {
    private(set) var way: [Piece] = []
    private(set) var time: Double
    private(set) var position: Geodetic
    /// Radians from true north.
    private(set) var track: Double
    /// Over ground, metres per second.
    private(set) var speed: Double

    init(time: Double, position: Geodetic, track: Double, speed: Double) {
        self.time = time
        self.position = position
        self.track = track
        self.speed = speed
    }

    /// One stretch.
    mutating func fly(_ seconds: Double, acceleration: Double = 0, turnRate: Double = 0, climbRate: Double = 0) {
        guard seconds > 1e-3 else { return }
        let piece = Piece(
            start: self.time, duration: seconds, position: self.position, track: self.track, speed: self.speed,
            acceleration: acceleration, turnRate: turnRate, climbRate: climbRate)
        self.way.append(piece)
        self.time += seconds
        let (position, track, speed) = piece.at(self.time)
        self.position = position
        self.track = wrappedAngle(track)
        self.speed = max(speed, 0)
    }

    /// Rolls in, turns and rolls out.
    ///
    /// - Parameters:
    ///   - angle: radians, clockwise positive.
    ///   - lateral: acceleration across the track at full bank, metres per second squared.
    ///   - roll: seconds of half the rate before and after.
    mutating func turn(by angle: Double, lateral: Double, roll: Double) {
        let rate = min(lateral / max(self.speed, 5), 0.6)
        let signed = angle < 0 ? -rate : rate
        let full = abs(angle) - rate * roll
        guard full > 0 else { return self.fly(2 * roll, turnRate: angle / (2 * roll)) }
        self.fly(roll, turnRate: signed / 2)
        self.fly(full / rate, turnRate: signed)
        self.fly(roll, turnRate: signed / 2)
    }

    /// Climbs or descends straight on, the rate begun and ended within `roll` seconds.
    mutating func climb(to height: Double, rate: Double, roll: Double) {
        let difference = height - self.position.height
        let signed = difference < 0 ? -rate : rate
        let full = abs(difference) - rate * roll
        guard full > 0 else { return self.fly(2 * roll, climbRate: difference / (2 * roll)) }
        self.fly(roll, climbRate: signed / 2)
        self.fly(full / rate, climbRate: signed)
        self.fly(roll, climbRate: signed / 2)
    }

    /// Goes faster or slower straight on.
    mutating func change(toSpeed speed: Double, acceleration: Double) {
        let difference = speed - self.speed
        self.fly(abs(difference) / acceleration, acceleration: difference < 0 ? -acceleration : acceleration)
    }

    /// No aircraft stands stiller, metres per second: then it has a direction, too.
    static let stillness = 0.4

    /// Turns at a standstill.
    mutating func face(_ track: Double) {
        if self.speed <= 1.01 * Self.stillness { self.track = track }
    }

    /// Flies after another from another place: the same turns, climbs and changes of speed, until a time.
    mutating func follow(_ leader: [Piece], until end: Double) {
        for piece in leader where self.time < end {
            self.fly(
                min(piece.duration, end - self.time), acceleration: piece.acceleration, turnRate: piece.turnRate,
                climbRate: piece.climbRate)
        }
    }

    /// Cuts what lies behind a time.
    mutating func end(at time: Double) {
        while let last = self.way.last, last.start >= time - 1e-3, self.way.count > 1 { self.way.removeLast() }
        if let last = self.way.last, last.end > time { self.way[self.way.count - 1].duration = time - last.start }
    }
}

extension Pilot {
    /// The bounds that a flight keeps to.
    struct Bounds {
        var centre: Geodetic
        var radius: Double
        var manner: Manner
        var end: Double
    }

    /// Flies as its kind pleases: straight, turn, climb, change of speed.
    mutating func wander(_ bounds: Bounds, _ random: inout SplitMix64) {
        let manner = bounds.manner
        self.fly(random.unit() * manner.straights.upperBound)
        while self.time < bounds.end {
            var angle = random.uniform(manner.turns) * (random.chance(0.5) ? 1 : -1)
            let (distance, home, _) = self.position.geodesic(to: bounds.centre)
            if distance > bounds.radius { angle = wrappedAngle(home - self.track) }
            self.turn(by: angle, lateral: random.uniform(manner.lateral), roll: manner.roll)
            if random.chance(0.5) {
                self.climb(
                    to: random.uniform(manner.heights), rate: random.uniform(0.3...1) * manner.climbMax,
                    roll: manner.roll)
            }
            if random.chance(0.4) {
                self.change(
                    toSpeed: random.uniform(manner.speeds),
                    acceleration: random.uniform(0.3...1) * manner.acceleration)
            }
            self.fly(random.uniform(manner.straights))
        }
        self.end(at: bounds.end)
    }

    /// Flies from place to place and stands in the air between, as a helicopter at work does.
    mutating func hover(_ bounds: Bounds, _ random: inout SplitMix64) {
        let manner = bounds.manner
        while self.time < bounds.end {
            self.change(toSpeed: random.uniform(manner.speeds), acceleration: manner.acceleration)
            let (distance, home, _) = self.position.geodesic(to: bounds.centre)
            if distance > bounds.radius {
                self.turn(
                    by: wrappedAngle(home - self.track), lateral: manner.lateral.upperBound, roll: manner.roll)
            }
            self.fly(random.uniform(manner.straights))
            self.climb(to: random.uniform(manner.heights), rate: manner.climbMax, roll: manner.roll)
            self.change(toSpeed: Self.stillness, acceleration: manner.acceleration)
            self.fly(random.uniform(20...90))
            self.face(random.uniform(-.pi...(.pi)))
        }
        self.end(at: bounds.end)
    }

    /// Is carried by the wind, which is not quite the same everywhere, and rises to the top of its heights.
    mutating func drift(_ bounds: Bounds, in wind: Wind?, _ random: inout SplitMix64) {
        let rise = random.uniform(0.2...1) * bounds.manner.climbMax
        while self.time < bounds.end {
            let climb = self.position.height < bounds.manner.heights.upperBound ? rise : 0
            let stretch = random.uniform(40...80)
            let carried = (wind?.speed(self.position.height) ?? 2) * random.uniform(0.8...1.2)
            let speed = max(carried, Self.stillness)
            self.fly(stretch, acceleration: (speed - self.speed) / stretch, climbRate: climb)
            let towards = (wind?.towards ?? self.track) + random.uniform(-0.15...0.15)
            self.fly(stretch, turnRate: wrappedAngle(towards - self.track) / stretch, climbRate: climb)
        }
        self.end(at: bounds.end)
    }
}
