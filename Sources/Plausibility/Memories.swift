import Air

/// What was heard before: a fingerprint of each plot's content and when it last came, in a table of fixed size.
///
/// The content is what was measured and who it is, without the times, the sensor and the velocity: a recording that is
/// sent again with new stamps, from another address, has the same. What moves never has the same content twice; what
/// stands still has it at each look, which is sooner than `Limits.repeatAge` and so starts anew.
struct MessageMemory: Sendable {
    /// Fingerprint in the upper, second of reception in the lower half.
    private var seen: [UInt64]
    private let mask: UInt64

    init(capacity: Int) {
        var size = 1024
        while size < capacity { size *= 2 }
        self.seen = Array(repeating: 0, count: size)
        self.mask = UInt64(size - 1)
    }

    /// Whether the same content came before, and not just now; notes it.
    @inline(__always) mutating func isKnown(_ plot: Plot, at now: Int64) -> Bool {
        let hash = Self.hash(plot)
        let second = UInt32(truncatingIfNeeded: now / 1_000_000_000)
        let slot = Int(truncatingIfNeeded: hash & self.mask)
        let before = self.seen[slot]
        let fingerprint = hash >> 32
        self.seen[slot] = fingerprint << 32 | UInt64(second)
        guard before >> 32 == fingerprint else { return false }
        return second &- UInt32(truncatingIfNeeded: before) >= Limits.repeatAge
    }

    /// Source of the mixing: S. Vigna, splitmix64.c (public domain).
    @inline(__always) private static func hash(_ plot: Plot) -> UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
        @inline(__always) func mix(_ value: UInt64) {
            hash = (hash ^ value) &* 0xBF58_476D_1CE4_E5B9
            hash ^= hash >> 29
        }
        switch plot.measurement {
        case .polar(let range, let azimuth, _):
            mix(range.bitPattern)
            mix(azimuth.bitPattern)
        case .geodetic(let latitude, let longitude, _):
            // Millimetres: one place that was computed in two ways differs in its last bits.
            mix(Self.rounded(latitude))
            mix(Self.rounded(longitude))
        }
        mix((plot.pressureAltitude ?? -1e6).bitPattern)
        mix(
            UInt64(plot.identity.address?.rawValue ?? plot.identity.mmsi?.rawValue ?? 1 << 31) << 16
                | UInt64(plot.identity.mode3A?.rawValue ?? 1 << 15))
        hash = (hash ^ hash >> 32) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash >> 31
    }

    @inline(__always) private static func rounded(_ angle: Double) -> UInt64 {
        abs(angle) < 10 ? UInt64(bitPattern: Int64((angle * 6e9).rounded())) : angle.bitPattern
    }
}

/// Which address bears a radar's track number: one that takes over another's in flight was changed.
struct TrackNumberMemory: Sendable {
    private struct Entry: Sendable {
        var key = UInt32.max
        var address: UInt32 = 0
        var at = Int64.min
        var ground = SIMD3<Double>.zero
    }

    private var entries = Array(repeating: Entry(), count: 1 << 14)

    /// - Parameter isNew: whether the address was not known before; a radar that mixes up two aircraft changes no
    ///   address.
    mutating func doubts(of plot: Plot, _ s: Sighting, isNew: Bool) -> Doubts {
        guard let number = plot.sensorTrackNumber, let address = plot.identity.address?.rawValue else { return [] }
        let key = UInt32(plot.sensor.rawValue) << 16 | UInt32(number)
        let slot = Int((key &* 0x9E37_79B1) >> 18)
        let before = self.entries[slot]
        self.entries[slot] = Entry(key: key, address: address, at: s.time, ground: s.ground)
        guard isNew, before.key == key, before.address != address, !plot.isOnGround else { return [] }
        let dt = Double(s.time &- before.at) / 1e9
        let isThere = length(s.ground - before.ground) < 350 * abs(dt) + 4 * Limits.slack
        return abs(dt) < 15 && isThere ? .identityChange : []
    }
}
