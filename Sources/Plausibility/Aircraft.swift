import Air
import Geodesy

/// One place at which an address was reported, and how it moves on.
struct Spot: Sendable {
    var ground = SIMD3<Double>.zero
    var velocity = SIMD3<Float>.zero
    /// One standard deviation of the velocity, m/s; negative: no velocity is known.
    var velocityDeviation: Float = -1
    var deviation: Float = 0
    /// When the first plot of this spot was measured, the one that gave the place, and the last; nanoseconds.
    var bornAt: Int64 = 0
    var placedAt: Int64 = 0
    var seenAt = Int64.min
    /// Where it was when its drift began to be watched, and how far it should have come by its own velocity.
    var anchor = SIMD3<Double>.zero
    var drift = SIMD3<Float>.zero
    var anchoredAt = Int64.min
    var sensor = SensorID(rawValue: 0)
    var plotCount: UInt8 = 0
    /// Comparisons with radar in a row that failed.
    var contradictions: UInt8 = 0
    /// Whether it last moved otherwise than it said.
    var isDrifting = false

    init() {}

    init(_ s: Sighting, sensor: SensorID) {
        self.ground = s.ground
        self.deviation = s.deviation
        self.bornAt = s.time
        self.placedAt = s.time
        self.seenAt = s.time
        self.sensor = sensor
        self.plotCount = 1
        if let velocity = s.velocity {
            self.velocity = velocity
            self.velocityDeviation = s.velocityDeviation
            self.anchor = s.ground
            self.anchoredAt = s.time
        }
    }

    var isUsed: Bool { self.seenAt != .min }

    /// Where it is at another time, as far as it is known.
    @inline(__always) func place(after dt: Double) -> SIMD3<Double> {
        guard self.velocityDeviation >= 0 else { return self.ground }
        return self.ground + dt * SIMD3<Double>(self.velocity)
    }

    /// How far a plot lies from where it can be, as a share of what is possible; above 1 it cannot be there. Infinite if
    /// this spot is not used, or was so long ago that it tells nothing.
    ///
    /// |p − p₀ − v dt| ≤ 5 (σ₀ + σ) + slack + min(|v| τ + ½ a (dt + τ)², v_max (dt + τ)); τ the error of time.
    @inline(__always) func excess(of s: Sighting, sensor: SensorID) -> Double {
        let dt = Double(s.time &- self.placedAt) / 1e9
        let span = abs(dt) + (sensor == self.sensor ? Limits.timing.same : Limits.timing.other)
        guard self.isUsed, span < Limits.memory else { return .infinity }
        var reach = 5 * Double(self.deviation + s.deviation) + Limits.slack
        var far = Limits.speed * span
        if self.velocityDeviation >= 0 {
            let speed = Double(length(self.velocity)), timing = span - abs(dt)
            reach += 5 * Double(self.velocityDeviation) * abs(dt)
            far = min(far, speed * timing + 0.5 * Limits.acceleration * span * span)
        }
        return length(s.ground - self.place(after: dt)) / (reach + far)
    }

    /// Takes in a plot that can be here.
    ///
    /// - Returns: whether its velocity changed more than an aircraft can change it.
    mutating func take(_ s: Sighting, sensor: SensorID) -> Bool {
        var isTornAway = false
        let dt = Double(s.time &- self.placedAt) / 1e9
        if self.plotCount < .max { self.plotCount += 1 }
        self.seenAt = max(self.seenAt, s.time)
        guard dt >= 0 else { return false }
        if let velocity = s.velocity {
            if self.velocityDeviation >= 0 {
                let possible =
                    Limits.acceleration * (dt + Limits.timing.other)
                    + 5 * Double(self.velocityDeviation + s.velocityDeviation)
                isTornAway = Double(length(velocity - self.velocity)) > possible
                self.drift += Float(0.5 * dt) * (self.velocity + velocity)
            }
            self.velocity = velocity
            self.velocityDeviation = s.velocityDeviation
            self.ground = s.ground
            self.deviation = s.deviation
            self.placedAt = s.time
            self.sensor = sensor
        } else if dt > 2 {
            // The velocity that two measured places give, and its error.
            let slack = sensor == self.sensor ? 0 : Limits.slack
            self.velocity = SIMD3<Float>((s.ground - self.ground) / dt)
            self.velocityDeviation = Float((Double(self.deviation + s.deviation) + slack) / dt)
            self.ground = s.ground
            self.deviation = s.deviation
            self.placedAt = s.time
            self.sensor = sensor
            self.anchoredAt = .min
        }
        return isTornAway
    }

    /// Looks whether it went where its own velocity said, every `Limits.driftSpan` seconds.
    ///
    /// - Returns: whether it was found standing still while it says that it flies.
    mutating func watchDrift(_ s: Sighting) -> Bool {
        guard s.velocity != nil else { return false }
        let span = Double(s.time &- self.anchoredAt) / 1e9
        guard self.anchoredAt != .min, span < 2 * Limits.driftSpan else {
            self.anchor = s.ground
            self.drift = .zero
            self.anchoredAt = s.time
            return false
        }
        guard span >= Limits.driftSpan else { return false }
        let moved = s.ground - self.anchor
        let said = SIMD3<Double>(self.drift)
        let possible = 10 * Double(s.deviation) + Limits.slack + Limits.driftSpeed * span
        self.isDrifting = length(moved - said) > possible
        let isFrozen = self.isDrifting && length(moved) < 0.1 * length(said)
        self.anchor = s.ground
        self.drift = .zero
        self.anchoredAt = s.time
        return isFrozen
    }
}

/// What is remembered of one address, as one kind of source reports it.
struct Aircraft: Sendable {
    /// Where it is; and where it also was, if it was reported at two places.
    var first = Spot()
    var second = Spot()
    /// When a plot of it was last received, and first; nanoseconds.
    var heardAt = Int64.min
    var bornAt = Int64.min
    /// Pressure altitude (or height), metres, and when.
    private var height: Float = 0
    private var heightAt = Int64.min
    private var callsign: UInt64 = 0
    private var callsignAt = Int64.min
    private var codeWindowAt = Int64.min
    private var code: UInt16 = 0
    private var codeChanges: UInt8 = 0
    private var wasOnGround = true
    /// Whether each of its last 8 plots came before, newest lowest.
    private var repeats: UInt8 = 0
    var plotCount: UInt16 = 0

    // What the area asks of it.
    /// Its last jump, metres, and when.
    var jump = SIMD3<Float>.zero
    var jumpedAt = Int64.min
    var frozeAt = Int64.min
    /// When its accuracy was last good, and when it was lost; `Int64.min`: it is not.
    var goodAt = Int64.min
    var lostAt = Int64.min
    /// Until when it is held for shifted, and for frozen.
    var shiftedUntil = Int64.min
    var frozenUntil = Int64.min
    var cell: Int32 = -1
    var countedIn: Int32 = -1
    /// Which of its events are already counted by the area.
    var countedJumpAt = Int64.min
    var countedFreezeAt = Int64.min
    var countedLossAt = Int64.min

    /// What identifies an aircraft to the table: its address (or what stands for it at sea or on a drone) and the kind of
    /// source; of others' tracks also the system, and its number where there is no address. 0: nothing does.
    @inline(__always) static func key(of plot: Plot) -> UInt64 {
        if plot.kind == .systemTrack {
            let system = UInt64(plot.sensor.rawValue) << 24 | 3 << 44
            if let address = plot.identity.address { return UInt64(address.rawValue) | system }
            if let number = plot.sensorTrackNumber { return UInt64(number) | system | 1 << 48 }
            return 0
        }
        if let address = plot.identity.address {
            return plot.kind == .broadcast ? self.broadcastKey(address) : UInt64(address.rawValue) | 2 << 44
        }
        if let mmsi = plot.identity.mmsi { return UInt64(mmsi.rawValue) | 4 << 44 }
        if let uas = plot.identity.uas {
            // 44 bits of twenty bytes: two drones in sixteen million pairs share a place.
            let mixed =
                (uas.first ^ uas.second &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(uas.third) << 13) &* 0xBF58_476D_1CE4_E5B9
            return mixed >> 20 | 5 << 44
        }
        return 0
    }

    @inline(__always) static func broadcastKey(_ address: ICAOAddress) -> UInt64 { UInt64(address.rawValue) | 1 << 44 }

    /// Its height if it is not older than half a minute, metres.
    func knownHeight() -> Double? {
        self.heightAt != .min && abs(Double(self.heardAt &- self.heightAt)) < 30e9 ? Double(self.height) : nil
    }

    /// Notes whether a plot came before; true if several of the last eight did.
    mutating func noteRepeat(_ isRepeated: Bool) -> Bool {
        self.repeats = self.repeats << 1 | (isRepeated ? 1 : 0)
        return self.repeats.nonzeroBitCount >= 3
    }

    /// Whether it is known to stand still, or hardly to move: then its reports may well repeat.
    func isSlow(_ plot: Plot) -> Bool {
        if let velocity = plot.velocity {
            return velocity.north * velocity.north + velocity.east * velocity.east < Limits.slow * Limits.slow
        }
        return self.first.velocityDeviation >= 0 && Double(length(self.first.velocity)) < Limits.slow
    }

    /// The rules of motion and identity.
    mutating func doubts(of plot: Plot, _ s: Sighting) -> Doubts {
        var doubts = self.doubtsOfMotion(plot, s)
        doubts.formUnion(self.doubtsOfIdentity(plot, s))
        if let altitude = plot.pressureAltitude, abs(altitude) < 60_000 {
            let dt = Double(s.time &- self.heightAt) / 1e9
            if self.heightAt != .min, dt >= 0, dt < 30 {
                let possible = Limits.climb * (dt + Limits.timing.other) + 100
                if abs(altitude - Double(self.height)) > possible { doubts.insert(.impossibleMotion) }
            }
            if self.heightAt == .min || dt >= 0 {
                self.height = Float(altitude)
                self.heightAt = s.time
            }
        }
        self.wasOnGround = plot.isOnGround
        if self.plotCount < .max { self.plotCount += 1 }
        return doubts
    }

    private mutating func doubtsOfMotion(_ plot: Plot, _ s: Sighting) -> Doubts {
        var here = self.first.excess(of: s, sensor: plot.sensor)
        var there = self.second.isUsed ? self.second.excess(of: s, sensor: plot.sensor) : .infinity
        if here == .infinity, there == .infinity {
            // Not heard for so long that it may be anywhere.
            self.first = Spot(s, sensor: plot.sensor)
            self.second = Spot()
            return []
        }
        if there < here {
            swap(&self.first, &self.second)
            swap(&here, &there)
        }
        guard here <= 1 else {
            let dt = Double(s.time &- self.first.placedAt) / 1e9
            self.jump = SIMD3<Float>(s.ground - self.first.place(after: dt))
            self.jumpedAt = s.time
            self.second = self.first
            self.first = Spot(s, sensor: plot.sensor)
            return .impossibleMotion
        }
        var doubts: Doubts = []
        if self.first.take(s, sensor: plot.sensor) { doubts.insert(.impossibleMotion) }
        if plot.kind == .broadcast {
            if self.first.watchDrift(s) { self.frozeAt = s.time }
            if self.first.isDrifting { doubts.insert(.impossibleMotion) }
            if self.first.contradictions >= Limits.contradictions { doubts.insert(.radarDiffers) }
        }
        // The other spot was reported while this one was, and is not this one: then it is no jump, there are two.
        if there > 1, there < .infinity, self.second.plotCount >= 2, self.first.plotCount >= 2,
            Double(s.time &- self.second.seenAt) < 20e9, Double(self.second.seenAt &- self.first.bornAt) > 1e9
        {
            doubts.insert(.duplicateAddress)
        }
        return doubts
    }

    private mutating func doubtsOfIdentity(_ plot: Plot, _ s: Sighting) -> Doubts {
        var doubts: Doubts = []
        if let callsign = plot.identity.callsign?.packed, callsign != self.callsign {
            // At first a crew may correct it, and a ground station may still say that of the flight before.
            if self.callsign != 0, !plot.isOnGround, !self.wasOnGround,
                Double(s.time &- self.callsignAt) < Limits.memory * 1e9,
                Double(self.heardAt &- self.bornAt) > Limits.callsignGrace * 1e9
            {
                doubts.insert(.identityChange)
            }
            self.callsign = callsign
        }
        if plot.identity.callsign != nil { self.callsignAt = s.time }
        if let mode3A = plot.identity.mode3A, mode3A.rawValue != self.code {
            if self.code != 0, !mode3A.isShared {
                if self.codeWindowAt == .min || Double(s.time &- self.codeWindowAt) > 60e9 {
                    self.codeWindowAt = s.time
                    self.codeChanges = 0
                }
                if self.codeChanges < .max { self.codeChanges += 1 }
                // A controller gives a new code now and then, not again and again.
                if self.codeChanges >= 4 { doubts.insert(.identityChange) }
            }
            self.code = mode3A.rawValue
        }
        return doubts
    }

    /// Holds a place that was measured against the broadcast one.
    mutating func compare(withMeasured s: Sighting) {
        self.first.compare(withMeasured: s)
        if self.second.isUsed { self.second.compare(withMeasured: s) }
    }
}

extension Spot {
    /// Counts the comparisons in a row that failed.
    ///
    /// |p_r − p_b − v dt| ≤ 5 √(σ_r² + σ_b²) + bias · range + slack + |v| τ
    mutating func compare(withMeasured s: Sighting) {
        let dt = Double(s.time &- self.placedAt) / 1e9
        guard abs(dt) <= Limits.comparison else { return }
        let deviation = Double(self.deviation * self.deviation + s.deviation * s.deviation).squareRoot()
        let speed = self.velocityDeviation >= 0 ? Double(length(self.velocity)) : 300
        let possible =
            5 * deviation + Limits.azimuthBias * s.range + Limits.slack + speed * Limits.radarTiming
            + (self.velocityDeviation >= 0 ? 0 : speed * abs(dt))
        if length(s.ground - self.place(after: dt)) <= possible {
            self.contradictions = 0
        } else if self.contradictions < .max {
            self.contradictions += 1
        }
    }
}

/// The aircraft of a guard: a table of fixed size, eight places to a key.
struct AircraftTable: Sendable {
    private var keys: [UInt64]
    var entries: [Aircraft]
    private let mask: UInt64

    init(capacity: Int) {
        var sets = 8
        while sets * 8 < capacity { sets *= 2 }
        self.keys = Array(repeating: 0, count: sets * 8)
        self.entries = Array(repeating: Aircraft(), count: sets * 8)
        self.mask = UInt64(sets - 1)
    }

    @inline(__always) private func home(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32 & self.mask) * 8
    }

    /// The slot of a key, or −1.
    @inline(__always) func look(_ key: UInt64) -> Int {
        let home = self.home(key)
        for slot in home..<home + 8 where self.keys[slot] == key { return slot }
        return -1
    }

    /// The slot of a key; a new one takes the place of what was heard only a few times, or not for two minutes.
    ///
    /// So a flood of invented addresses pushes out itself and not what is known.
    ///
    /// - Returns: −1 if there is no place.
    @inline(__always) mutating func find(_ key: UInt64, at now: Int64) -> (slot: Int, isNew: Bool) {
        let found = self.look(key)
        if found >= 0 {
            self.entries[found].heardAt = now
            return (found, false)
        }
        return (self.insert(key, at: now), true)
    }

    private mutating func insert(_ key: UInt64, at now: Int64) -> Int {
        let home = self.home(key)
        var victim = -1
        for slot in home..<home + 8 {
            if self.keys[slot] == 0 {
                victim = slot
                break
            }
            let isSilent = Double(now &- self.entries[slot].heardAt) > Limits.memory * 1e9
            guard isSilent || self.entries[slot].plotCount < 4 else { continue }
            if victim < 0 || self.entries[slot].heardAt < self.entries[victim].heardAt { victim = slot }
        }
        guard victim >= 0 else { return -1 }
        self.keys[victim] = key
        self.entries[victim] = Aircraft()
        self.entries[victim].heardAt = now
        self.entries[victim].bornAt = now
        return victim
    }
}
