public import Air

/// What a system says of one of its sensors in category 063.
public struct AsterixSensorState: Hashable, Sendable {
    /// Whether and how the sensor is connected (I063/060 CON).
    public enum Connection: UInt8, Hashable, Sendable {
        case operational
        case degraded
        case starting
        case notConnected
    }

    public var sensor: SensorID
    public var connection: Connection
    /// The sensor itself inhibits the operational use of its data (OPS).
    public var isInhibited: Bool
    /// No plots come (NPW).
    public var hasNoPlots: Bool

    public init(sensor: SensorID, connection: Connection, isInhibited: Bool = false, hasNoPlots: Bool = false) {
        self.sensor = sensor
        self.connection = connection
        self.isInhibited = isInhibited
        self.hasNoPlots = hasNoPlots
    }
}

/// What a system says of itself in category 065.
public struct AsterixServiceState: Hashable, Sendable {
    /// It cannot do all of its work (I065/040 NOGO: 1, degraded).
    public var isDegraded: Bool
    /// It gets more than it can take (OVL).
    public var isOverloaded: Bool

    public init(isDegraded: Bool = false, isOverloaded: Bool = false) {
        self.isDegraded = isDegraded
        self.isOverloaded = isOverloaded
    }
}

extension AsterixRecordBuffer {
    /// Category 063, the status of one sensor of a system.
    ///
    ///     | FRN 1 I010 | 2 I015 | 3 I030 | 4 I050 | 5 I060 |
    ///     060  | CON 2 | PSR 1 | SSR 1 | MDS 1 | ADS 1 | MLT 1 | FX |  | OPS 1 | ODP 1 | OXT 1 | MSC 1 | TSV 1 | NPW 1 | – | 0 |
    ///
    /// Source: EUROCONTROL-SPEC-0149-10, CAT 063, edition 1.7.
    mutating func write063(_ state: AsterixSensorState, at time: Timestamp, source: SensorID, service: UInt8) {
        self.item(1)
        self.putSource(source)
        self.item(2)
        self.put8(Int(service))
        self.item(3)
        self.putTime(time)
        self.item(4)
        self.putSource(state.sensor)
        self.item(5)
        let second = (state.isInhibited ? 0x80 : 0) | (state.hasNoPlots ? 0x04 : 0)
        self.put8(Int(state.connection.rawValue) << 6 | (second == 0 ? 0 : 1))
        if second != 0 { self.put8(second) }
    }

    /// Category 065, the status of the system itself.
    ///
    ///     | FRN 1 I010 | 2 I000 = 1 | 3 I015 | 4 I030 | 6 I040 |
    ///     040  | NOGO 2 | OVL 1 | TSV 1 | PSS 2 | STTN 1 | – |
    ///
    /// Source: EUROCONTROL-SPEC-0149-15, CAT 065, edition 1.6.
    mutating func write065(_ state: AsterixServiceState, at time: Timestamp, source: SensorID, service: UInt8) {
        self.item(1)
        self.putSource(source)
        self.item(2)
        self.put8(1)
        self.item(3)
        self.put8(Int(service))
        self.item(4)
        self.putTime(time)
        self.item(6)
        self.put8((state.isDegraded ? 0x40 : 0) | (state.isOverloaded ? 0x20 : 0))
    }
}
