import Air

/// Message 5: name, size and voyage of a class A ship.
///
/// Source: ITU-R M.1371-5, annex 8, 3.3.
public struct AISVoyageData: Hashable, Sendable {
    /// Edition of the recommendation: 0 M.1371-1, 1 -3, 2 -5, 3 later.
    public var version: UInt8 = 2
    /// 1...999,999,999 number of the ship (IMO), 0 not available.
    public var imoNumber: UInt32 = 0
    public var callsign = AISText(characters: 7)
    public var name = AISText(characters: 20)
    /// 30 fishing, 60–69 passenger, 70–79 cargo, 80–89 tanker, …
    public var shipType: UInt8 = 0
    public var dimensions = AISDimensions()
    public var positionDevice: UInt8 = 0
    /// Estimated arrival, UTC; month and day 0, hour 24, minute 60: not available.
    public var arrivalMonth: UInt8 = 0
    public var arrivalDay: UInt8 = 0
    public var arrivalHour: UInt8 = 24
    public var arrivalMinute: UInt8 = 60
    /// 1/10 metre.
    public var draughtRaw: UInt8 = 0
    public var destination = AISText(characters: 20)
    /// No keyboard and display (DTE).
    public var lacksTerminal = false
    private var spare: UInt8 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("version", &self.version, bits: 2)
        c.field("imoNumber", &self.imoNumber, bits: 30)
        c.text("callsign", &self.callsign, characters: 7)
        c.text("name", &self.name, characters: 20)
        c.field("shipType", &self.shipType, bits: 8)
        self.dimensions.code(&c)
        c.field("positionDevice", &self.positionDevice, bits: 4)
        c.field("arrivalMonth", &self.arrivalMonth, bits: 4)
        c.field("arrivalDay", &self.arrivalDay, bits: 5)
        c.field("arrivalHour", &self.arrivalHour, bits: 5)
        c.field("arrivalMinute", &self.arrivalMinute, bits: 6)
        c.field("draughtMetres", &self.draughtRaw, bits: 8, scale: AISQuantity.draught)
        c.mayEnd()
        c.text("destination", &self.destination, characters: 20)
        c.flag("lacksTerminal", &self.lacksTerminal)
        c.spare(&self.spare, bits: 1)
    }

    public var draughtMetres: Double? { AISQuantity.draught.value(self.draughtRaw) }
}

/// Message 24, part A: the name of a ship.
///
/// Source: ITU-R M.1371-5, annex 8, 3.22.
public struct AISStaticName: Hashable, Sendable {
    private var part: UInt8 = 0
    public var name = AISText(characters: 20)
    private var spare: UInt8 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C) {
        c.field("part", &self.part, bits: 2)
        c.text("name", &self.name, characters: 20)
        c.mayEnd()
        if c.has(1) { c.spare(&self.spare, bits: 8) }
    }
}

/// Message 24, part B: type, maker, call sign and size of a ship.
///
/// Source: ITU-R M.1371-5, annex 8, 3.22.
public struct AISStaticShip: Hashable, Sendable {
    private var part: UInt8 = 1
    public var shipType: UInt8 = 0
    /// Three characters of the maker.
    public var vendor = AISText(characters: 3)
    public var unitModel: UInt8 = 0
    public var serialNumber: UInt32 = 0
    public var callsign = AISText(characters: 7)
    /// All zero for a craft that belongs to a ship (98MIDxxxx); then `motherShip` is sent in its place.
    public var dimensions = AISDimensions()
    public var motherShip: UInt32 = 0
    public var positionDevice: UInt8 = 0
    private var spare: UInt8 = 0

    public init() {}

    mutating func code<C: FieldCoder & ~Copyable>(_ c: inout C, mmsi: MMSI) {
        c.field("part", &self.part, bits: 2)
        c.field("shipType", &self.shipType, bits: 8)
        c.text("vendor", &self.vendor, characters: 3)
        c.field("unitModel", &self.unitModel, bits: 4)
        c.field("serialNumber", &self.serialNumber, bits: 20)
        c.text("callsign", &self.callsign, characters: 7)
        if mmsi.rawValue / 10_000_000 == 98 {
            c.mmsi("motherShip", &self.motherShip)
        } else {
            self.dimensions.code(&c)
        }
        c.mayEnd()
        c.field("positionDevice", &self.positionDevice, bits: 4)
        c.spare(&self.spare, bits: 2)
    }
}
