/// Message 10: asks a station for the time.
///
/// Source: ITU-R M.1371-5, annex 8, 3.8.
public struct AISTimeInquiry: Hashable, Sendable {
    private var spare: UInt8 = 0
    public var destination: UInt32 = 0
    private var spare2: UInt8 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.spare, bits: 2)
        c.mmsi("destination", &self.destination)
        c.mayEnd()
        c.spare(&self.spare2, bits: 2)
    }
}

/// Message 15: asks one station for one or two messages, or two stations for one each.
///
/// Source: ITU-R M.1371-5, annex 8, 3.13.
public struct AISInterrogation: Hashable, Sendable {
    /// A message that is asked for: its type, and in which slot from now; 0: by itself.
    public struct Request: Hashable, Sendable {
        public var type: UInt8 = 0
        public var slotOffset: UInt16 = 0

        public init() {}

        fileprivate mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
            c.field("type", &self.type, bits: 6)
            c.field("slotOffset", &self.slotOffset, bits: 12)
        }
    }

    private var spare: UInt8 = 0
    public var station1: UInt32 = 0
    public var request1 = Request()
    private var spare2: UInt8 = 0
    /// A second one to the same station; all zero: none.
    public var request2 = Request()
    private var spare3: UInt8 = 0
    public var station2: UInt32 = 0
    public var request3 = Request()
    private var spare4: UInt8 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.spare, bits: 2)
        c.mmsi("station1", &self.station1)
        c.beginObject("request1")
        self.request1.code(&c)
        c.endObject()
        c.mayEnd()
        c.spare(&self.spare2, bits: 2)
        guard c.has(18) else { return }
        c.beginObject("request2")
        self.request2.code(&c)
        c.endObject()
        c.spare(&self.spare3, bits: 2)
        guard c.has(48) else { return }
        c.mmsi("station2", &self.station2)
        c.beginObject("request3")
        self.request3.code(&c)
        c.endObject()
        c.spare(&self.spare4, bits: 2)
    }
}

/// Message 16: a base station sets when one or two stations report.
///
/// Source: ITU-R M.1371-5, annex 8, 3.14.
public struct AISAssignment: Hashable, Sendable {
    private var spare: UInt8 = 0
    public var stationA: UInt32 = 0
    /// Slots, or reports in ten minutes if the increment is 0.
    public var offsetA: UInt16 = 0
    public var incrementA: UInt16 = 0
    public var stationB: UInt32 = 0
    public var offsetB: UInt16 = 0
    public var incrementB: UInt16 = 0
    private var spare2: UInt8 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.spare, bits: 2)
        c.mmsi("stationA", &self.stationA)
        c.field("offsetA", &self.offsetA, bits: 12)
        c.field("incrementA", &self.incrementA, bits: 10)
        c.mayEnd()
        guard c.has(52) else { return c.spare(&self.spare2, bits: 4) }
        c.mmsi("stationB", &self.stationB)
        c.field("offsetB", &self.offsetB, bits: 12)
        c.field("incrementB", &self.incrementB, bits: 10)
    }
}

/// Message 17: corrections for satellite navigation, as a reference station sends them.
///
/// Source: ITU-R M.1371-5, annex 8, 3.15; ITU-R M.823.
public struct AISDifferentialCorrections: Hashable, Sendable {
    private var spare: UInt8 = 0
    /// 1/10 minute.
    public var longitudeRaw: Int32 = 181 * 600
    /// 1/10 minute.
    public var latitudeRaw: Int32 = 91 * 600
    private var spare2: UInt8 = 0
    /// In the format of ITU-R M.823, without its preamble and parity.
    public var data = BitString()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.spare, bits: 2)
        c.field("longitudeDegrees", &self.longitudeRaw, bits: 18, scale: AISQuantity.coarseLongitude)
        c.field("latitudeDegrees", &self.latitudeRaw, bits: 17, scale: AISQuantity.coarseLatitude)
        c.spare(&self.spare2, bits: 5)
        c.data("data", &self.data, before: 0)
    }

    public var longitudeDegrees: Double? { AISQuantity.coarseLongitude.value(self.longitudeRaw) }
    public var latitudeDegrees: Double? { AISQuantity.coarseLatitude.value(self.latitudeRaw) }
}

/// Message 20: slots that base stations keep for themselves, up to four series.
///
/// Source: ITU-R M.1371-5, annex 8, 3.18.
public struct AISSlotReservation: Hashable, Sendable {
    public struct Series: Hashable, Sendable {
        public var offset: UInt16 = 0
        public var slots: UInt8 = 0
        /// Minutes.
        public var timeoutMinutes: UInt8 = 0
        public var increment: UInt16 = 0

        public init() {}
    }

    private var spare: UInt8 = 0
    public var series1 = Series()
    public var series2 = Series()
    public var series3 = Series()
    public var series4 = Series()

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.spare, bits: 2)
        c.beginArray("series")
        Self.code(&c, &self.series1)
        c.mayEnd()
        if c.has(30) { Self.code(&c, &self.series2) }
        if c.has(30) { Self.code(&c, &self.series3) }
        if c.has(30) { Self.code(&c, &self.series4) }
        c.endArray()
    }

    private static func code<C: FieldCoder & ~Copyable>(_ c: inout C, _ series: inout Series) {
        c.nextElement()
        c.field("offset", &series.offset, bits: 12)
        c.field("slots", &series.slots, bits: 4)
        c.field("timeoutMinutes", &series.timeoutMinutes, bits: 3)
        c.field("increment", &series.increment, bits: 11)
    }
}

/// Message 22: channels and power, in an area or for two stations.
///
/// Source: ITU-R M.1371-5, annex 8, 3.20.
public struct AISChannelManagement: Hashable, Sendable {
    private var spare: UInt8 = 0
    /// Channel numbers of ITU-R M.1084.
    public var channelA: UInt16 = 0
    public var channelB: UInt16 = 0
    /// 0 send on A and B, 1 on A, 2 on B; always receive on both.
    public var mode: UInt8 = 0
    public var isLowPower = false
    /// For the two stations, else for the area.
    public var isAddressed = false
    /// 1/10 minute.
    public var northEastLongitudeRaw: Int32 = 181 * 600
    public var northEastLatitudeRaw: Int32 = 91 * 600
    public var southWestLongitudeRaw: Int32 = 181 * 600
    public var southWestLatitudeRaw: Int32 = 91 * 600
    public var station1: UInt32 = 0
    private var spare1: UInt8 = 0
    public var station2: UInt32 = 0
    private var spare2: UInt8 = 0
    /// Channels of 12.5 kHz (obsolete), else as the number says.
    public var isNarrowA = false
    public var isNarrowB = false
    /// Nautical miles less one.
    public var zoneSize: UInt8 = 0
    private var spare3: UInt32 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.lookahead(&self.isAddressed, at: 139)
        c.spare(&self.spare, bits: 2)
        c.field("channelA", &self.channelA, bits: 12)
        c.field("channelB", &self.channelB, bits: 12)
        c.field("mode", &self.mode, bits: 4)
        c.flag("isLowPower", &self.isLowPower)
        if self.isAddressed {
            c.mmsi("station1", &self.station1)
            c.spare(&self.spare1, bits: 5)
            c.mmsi("station2", &self.station2)
            c.spare(&self.spare2, bits: 5)
        } else {
            codeArea(
                &c, &self.northEastLongitudeRaw, &self.northEastLatitudeRaw, &self.southWestLongitudeRaw,
                &self.southWestLatitudeRaw)
        }
        c.flag("isAddressed", &self.isAddressed)
        c.flag("isNarrowA", &self.isNarrowA)
        c.flag("isNarrowB", &self.isNarrowB)
        c.field("zoneSize", &self.zoneSize, bits: 3)
        c.mayEnd()
        c.spare(&self.spare3, bits: 23)
    }
}

/// Message 23: how often ships of a kind report in an area.
///
/// Source: ITU-R M.1371-5, annex 8, 3.21.
public struct AISGroupAssignment: Hashable, Sendable {
    private var spare: UInt8 = 0
    /// 1/10 minute.
    public var northEastLongitudeRaw: Int32 = 181 * 600
    public var northEastLatitudeRaw: Int32 = 91 * 600
    public var southWestLongitudeRaw: Int32 = 181 * 600
    public var southWestLatitudeRaw: Int32 = 91 * 600
    /// 0 all, 1 class A, 2 class B, 3 aircraft of search and rescue, …
    public var stationType: UInt8 = 0
    /// 0 all.
    public var shipType: UInt8 = 0
    private var spare2: UInt32 = 0
    /// As in message 22.
    public var mode: UInt8 = 0
    /// 0 as by itself, 1 ten minutes, … 8 five seconds.
    public var interval: UInt8 = 0
    public var quietMinutes: UInt8 = 0
    private var spare3: UInt8 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.spare(&self.spare, bits: 2)
        codeArea(
            &c, &self.northEastLongitudeRaw, &self.northEastLatitudeRaw, &self.southWestLongitudeRaw,
            &self.southWestLatitudeRaw)
        c.field("stationType", &self.stationType, bits: 4)
        c.field("shipType", &self.shipType, bits: 8)
        c.spare(&self.spare2, bits: 22)
        c.field("mode", &self.mode, bits: 2)
        c.field("interval", &self.interval, bits: 4)
        c.field("quietMinutes", &self.quietMinutes, bits: 4)
        c.mayEnd()
        c.spare(&self.spare3, bits: 6)
    }
}

/// The corners of the area of messages 22 and 23.
private func codeArea<C: FieldCoder & ~Copyable>(
    _ c: inout C, _ eastLongitude: inout Int32, _ northLatitude: inout Int32, _ westLongitude: inout Int32,
    _ southLatitude: inout Int32
) {
    c.field("northEastLongitudeDegrees", &eastLongitude, bits: 18, scale: AISQuantity.coarseLongitude)
    c.field("northEastLatitudeDegrees", &northLatitude, bits: 17, scale: AISQuantity.coarseLatitude)
    c.field("southWestLongitudeDegrees", &westLongitude, bits: 18, scale: AISQuantity.coarseLongitude)
    c.field("southWestLatitudeDegrees", &southLatitude, bits: 17, scale: AISQuantity.coarseLatitude)
}
