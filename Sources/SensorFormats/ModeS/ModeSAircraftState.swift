public import Air

/// A value and when it was said.
public struct Said<Value: Hashable & Sendable>: Hashable, Sendable {
    public var value: Value
    public var at: Timestamp

    /// Nil where it was never said.
    init?(_ value: Value, at time: Int64) {
        guard time != ModeSAircraft.never else { return nil }
        self.value = value
        self.at = Timestamp(nanoseconds: time)
    }
}

/// What a decoder knows of one aircraft: for those who list aircraft, and for those who read its other registers in the
/// light of it.
///
/// A copy of fixed size. What was never said is nil.
public struct ModeSAircraftState: Hashable, Sendable {
    /// A velocity over ground, metres per second.
    public struct Velocity: Hashable, Sendable {
        public var north: Float
        public var east: Float
    }

    /// The address, ICAO's unless `isAddressForeign`.
    public var address: ICAOAddress
    /// Who speaks of it.
    public var source: ModeSMessage.SquitterSource
    /// The positions are made by a multilateration server.
    public var isMultilaterated: Bool
    /// The address is not ICAO's.
    public var isAddressForeign: Bool
    /// The last message believed.
    public var seenAt: Timestamp
    /// Messages believed.
    public var messageCount: UInt32
    /// Aircraft identification.
    public var callsign: Callsign?
    /// Emitter category: 0xA0 to 0xD7 for A0 to D7; nil until said.
    public var category: UInt8?
    /// Mode 3/A code.
    public var mode3A: Said<Mode3A>?
    /// Emergency or priority status, 0...7.
    public var emergency: Said<UInt8>?
    /// Pressure altitude, feet.
    public var altitudeFeet: Said<Int32>?
    /// Height above the ellipsoid less pressure altitude, feet.
    public var geometricMinusBarometricFeet: Said<Int32>?
    /// Velocity over ground, metres per second.
    public var velocity: Said<Velocity>?
    /// Rate of climb, metres per second.
    public var climbRate: Said<Float>?
    /// The rate of climb is barometric rather than geometric.
    public var isClimbBarometric: Bool
    /// A position that was confirmed, degrees.
    public var position: Said<CompactPosition.Degrees>?
    /// The last position was one on the ground.
    public var isOnGround: Bool
    /// How good its navigation is.
    public var quality: NavigationQuality
    /// NIC, navigation integrity category of the last position, 0...11.
    public var integrityCategory: UInt8
    /// R_C, the radius of containment of the last position, metres; nil if unknown.
    public var containment: Float?
    /// What the crew selected, as broadcast.
    public var targetState: Said<TargetState>?
    /// Alert: the squawk is one of emergency, or was changed.
    public var hasAlert: Said<Bool>?
    /// Special position indication.
    public var hasIdentPulse: Said<Bool>?
    /// What it answered when asked for registers.
    public var commB: CommBState
    /// Strength of the last message, of the receiver's full scale 255; nil if never told.
    public var signal: UInt8?

    init(_ one: ModeSAircraft) {
        self.address = ICAOAddress(one.key)
        self.source =
            switch one.channel {
            case .direct, .multilaterated: .aircraft
            case .anonymous: .anonymous
            case .rebroadcast: .rebroadcast
            case .trafficService: .trafficService
            }
        self.isMultilaterated = one.channel == .multilaterated
        self.isAddressForeign = one.isAddressForeign
        self.seenAt = Timestamp(nanoseconds: one.seenAt)
        self.messageCount = one.messageCount
        self.callsign = one.callsign == 0 ? nil : Callsign(packed: one.callsign)
        self.category = one.category == 0 ? nil : one.category
        self.mode3A = Said(Mode3A(one.mode3A), at: one.mode3AAt)
        self.emergency = Said(one.emergency, at: one.emergencyAt)
        self.altitudeFeet = Said(one.altitudeFeet, at: one.altitudeAt)
        self.geometricMinusBarometricFeet = Said(one.differenceFeet, at: one.differenceAt)
        self.velocity = Said(Velocity(north: one.north, east: one.east), at: one.velocityAt)
        self.climbRate = Said(one.climb, at: one.climbAt)
        self.position = one.confidence < 2 ? nil : Said(one.position, at: one.positionAt)
        self.isOnGround = one.isOnGround
        self.quality = one.quality
        self.integrityCategory = one.integrityCategory
        self.containment = one.containment
        self.isClimbBarometric = one.isClimbBarometric
        self.targetState = Said(TargetState(one.targetState), at: one.targetStateAt)
        self.hasAlert = Said(one.hasAlert, at: one.alertAt)
        self.hasIdentPulse = Said(one.hasIdentPulse, at: one.alertAt)
        self.commB = one.commB
        self.signal = one.signal == 0 ? nil : one.signal
    }
}
