import Air

/// What a receiver knows of one aircraft. A value of fixed size.
struct ModeSAircraft: Sendable {
    /// Whose word the state is: the same address may come directly and through a ground station, and is kept apart.
    enum Channel: UInt8, Sendable {
        /// From the aircraft itself, under its ICAO address.
        case direct
        /// From itself, under an address that is not ICAO's (DF 18, CF 1).
        case anonymous
        /// Rebroadcast by a ground station from another link (DF 18, CF 6).
        case rebroadcast
        /// Made by a ground station from its radars (DF 18, CF 2 and 5).
        case trafficService
        /// Made by a multilateration server.
        case multilaterated
    }

    /// An even or odd position report and when it came.
    struct Half: Sendable {
        var report = CompactPosition(isOdd: false, latitude: 0, longitude: 0)
        var at = never
        var coding = CompactPosition.Coding.airborne
        /// The aircraft's count of messages then.
        var count: UInt32 = 0
    }

    /// Before all time.
    static let never = Int64.min

    /// Address in the lower 24 bits, channel above.
    var key: UInt32
    var channel: Channel
    /// The last message believed, nanoseconds since 1970 as all times here.
    var seenAt: Int64
    /// The last message with the address in the clear and a right parity.
    var announcedAt = Self.never
    var messageCount: UInt32 = 0

    var callsign: UInt64 = 0
    var mode3A: UInt16 = 0
    var mode3AAt = Self.never
    /// A code seen once; replies with address parity must say it twice.
    var mode3ASeenOnce: UInt16 = 0xFFFF
    var altitudeFeet: Int32 = 0
    var altitudeAt = Self.never
    /// Height above the ellipsoid less pressure altitude, feet.
    var differenceFeet: Int32 = 0
    var differenceAt = Self.never
    /// Metres per second.
    var north: Float = 0
    var east: Float = 0
    var velocityDeviation: Float = 0
    var velocityAt = Self.never
    var climb: Float = 0
    var climbAt = Self.never
    var isClimbBarometric = false

    /// What it says of how good its navigation is.
    var quality = NavigationQuality()
    /// Emitter category, 0xA0 to 0xD7 for A0 to D7; 0 until the aircraft says.
    var category: UInt8 = 0
    /// Emergency or priority status.
    var emergency: UInt8 = 0
    var emergencyAt = Self.never
    /// NIC and containment of the last position.
    var integrityCategory: UInt8 = 0
    var containment: Float?
    var isOnGround = false
    /// The last target state (TC 29), 56 bits.
    var targetState: UInt64 = 0
    var targetStateAt = Self.never
    /// Alert and special position indication of the last reply or position that had them.
    var hasAlert = false
    var hasIdentPulse = false
    var alertAt = Self.never
    /// What it answered when asked for registers.
    var commB = CommBState()
    /// Strength of the last message, of the receiver's full scale 255; 0 if never told.
    var signal: UInt8 = 0
    /// The address is not ICAO's (IMF of ADS-R and TIS-B).
    var isAddressForeign = false

    var even = Half()
    var odd = Half()
    /// Degrees.
    var position = CompactPosition.Degrees(latitude: 0, longitude: 0)
    var positionAt = Self.never
    /// The last time that a pair of reports agreed with the position.
    var pairAt = Self.never
    /// The count of messages when the position was founded: what came later is independent of it.
    var foundedCount: UInt32 = 0
    /// How often in a row decodings agreed, 0 (no position) to 4; a position of 2 and more is a plot.
    var confidence: UInt8 = 0

    init(key: UInt32, channel: Channel, at now: Int64) {
        self.key = key
        self.channel = channel
        self.seenAt = now
    }

    /// Whether a time is less than `limit` seconds from now, to either side: recordings may be played again.
    @inline(__always) static func isFresh(_ time: Int64, _ now: Int64, within limit: Double) -> Bool {
        time != Self.never && abs(Self.seconds(now, since: time)) <= limit
    }

    @inline(__always) static func seconds(_ now: Int64, since time: Int64) -> Double {
        Double(now &- time) * 1e-9
    }

    /// The fastest that the aircraft may be, metres per second: half as much again as it last said, or 600.
    @inline(__always) func speedMax(isSurface: Bool, at now: Int64) -> Double {
        if isSurface { return 130 }
        guard Self.isFresh(self.velocityAt, now, within: 60) else { return 600 }
        return Double((self.north * self.north + self.east * self.east).squareRoot()) * 1.5 + 100
    }
}

/// The aircraft of one receiver by address: a hash index into a dense array, both of bounded size.
struct ModeSAircraftTable: Sendable {
    private(set) var aircraft: [ModeSAircraft] = []
    /// Index + 1 into `aircraft`, 0 where empty; a power of two of slots, at most half of them in use.
    private var slots: [UInt32]
    private let capacity: Int
    private let shift: UInt32
    private var sweptAt = ModeSAircraft.never

    init(capacity: Int) {
        self.capacity = min(max(capacity, 1), 1 << 20)
        var bits: UInt32 = 4
        while 1 << bits < self.capacity * 2 { bits += 1 }
        self.shift = 32 - bits
        self.slots = Array(repeating: 0, count: 1 << bits)
        self.aircraft.reserveCapacity(self.capacity)
    }

    subscript(index: Int) -> ModeSAircraft {
        @inline(__always) get { self.aircraft[index] }
        @inline(__always) _modify { yield &self.aircraft[index] }
    }

    /// Fibonacci hashing: addresses of one operator follow each other.
    @inline(__always) private func slot(_ key: UInt32) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B1) >> self.shift)
    }

    @inline(__always) func find(_ key: UInt32) -> Int? {
        var slot = self.slot(key)
        while true {
            let entry = self.slots[slot]
            if entry == 0 { return nil }
            let index = Int(truncatingIfNeeded: entry) - 1
            if self.aircraft[index].key == key { return index }
            slot = (slot + 1) & (self.slots.count - 1)
        }
    }

    /// Adds an aircraft that is not there; nil when the table is full.
    mutating func insert(_ key: UInt32, _ channel: ModeSAircraft.Channel, at now: Int64, silenceMax: Double) -> Int? {
        if self.aircraft.count >= self.capacity {
            // Sweeping costs as much as the table is large: not more than once a second.
            guard !ModeSAircraft.isFresh(self.sweptAt, now, within: 1) else { return nil }
            self.sweep(at: now, silenceMax: silenceMax)
            guard self.aircraft.count < self.capacity else { return nil }
        }
        self.aircraft.append(ModeSAircraft(key: key, channel: channel, at: now))
        self.enter(self.aircraft.count - 1)
        return self.aircraft.count - 1
    }

    /// Sweeps if ten seconds have passed since the last time.
    @inline(__always) mutating func sweepNowAndThen(at now: Int64, silenceMax: Double) {
        if !ModeSAircraft.isFresh(self.sweptAt, now, within: 10) { self.sweep(at: now, silenceMax: silenceMax) }
    }

    /// Forgets the aircraft that have been silent, those heard only once after a tenth of the time.
    private mutating func sweep(at now: Int64, silenceMax: Double) {
        self.sweptAt = now
        let before = self.aircraft.count
        self.aircraft.removeAll { one in
            !ModeSAircraft.isFresh(one.seenAt, now, within: one.messageCount <= 1 ? silenceMax / 10 : silenceMax)
        }
        guard self.aircraft.count < before else { return }
        for i in self.slots.indices { self.slots[i] = 0 }
        for i in self.aircraft.indices { self.enter(i) }
    }

    private mutating func enter(_ index: Int) {
        var slot = self.slot(self.aircraft[index].key)
        while self.slots[slot] != 0 { slot = (slot + 1) & (self.slots.count - 1) }
        self.slots[slot] = UInt32(index + 1)
    }
}
