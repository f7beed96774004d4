public import Air
import Geodesy

/// Writes tracks as ASTERIX 062, with the status of sensors (063) and of the service (065), for systems that use this
/// one as their source.
///
/// Each track has a number of sixteen bits for as long as it is told; numbers go round, so that one that has ended is
/// not soon used again. A track that was told gets a last report (TSE) when it is dropped; one that was never told ends
/// unsaid.
///
/// - Complexity: no allocation for a record once the buffers have grown; some forty bytes for each track that is told.
///
/// Source: EUROCONTROL-SPEC-0149-9, -10 and -15.
public struct SystemTrackWriter: Sendable {
    /// What is remembered of a track that was told.
    private struct Told: Sendable {
        var number: UInt16
        var place: Geodetic
    }

    /// Who says so: SAC and SIC of this system.
    public let source: SensorID
    /// The number of the service (I062/015).
    public let service: UInt8
    /// Whether tracks that are not yet believed are told too (CNF).
    public let tellsTentative: Bool
    /// Tracks that got no report because all 65,535 numbers were in use.
    public private(set) var unnumbered = 0
    private var writer: AsterixWriter
    private var told: [TrackID: Told] = [:]
    /// Which numbers are in use; nought is never.
    private var isUsed = [Bool](repeating: false, count: 65_536)
    private var lastNumber: UInt16 = 0

    /// - Parameter isSimulated: the tracks are of an exercise or a test (SIM).
    public init(
        source: SensorID, service: UInt8 = 1, tellsTentative: Bool = false, isSimulated: Bool = false,
        datagramMax: Int = 1400
    ) {
        self.source = source
        self.service = service
        self.tellsTentative = tellsTentative
        self.isUsed[0] = true
        self.writer = AsterixWriter(datagramMax: datagramMax, isSimulated: isSimulated)
    }

    /// How many tracks are being told.
    public var count: Int { self.told.count }

    /// Adds a report of a track as it now is.
    public mutating func append(_ track: Track) {
        let (source, service) = (self.source, self.service)
        var moment = SystemTrackMoment.again
        var number = self.told[track.id]?.number
        if number == nil {
            guard self.tellsTentative || track.status != .tentative else { return }
            number = self.takeNumber()
            moment = .first
        }
        guard let number else {
            self.unnumbered += 1
            return
        }
        self.told[track.id] = Told(number: number, place: track.position)
        self.writer.write(62, of: source) { record, isSimulated in
            record.write062(
                track, number: number, moment: moment, source: source, service: service, isSimulated: isSimulated)
        }
    }

    /// Adds the last report of a track, if it was told.
    public mutating func drop(_ id: TrackID, at time: Timestamp) {
        guard let told = self.told.removeValue(forKey: id) else { return }
        let (source, service) = (self.source, self.service)
        self.isUsed[Int(told.number)] = false
        self.writer.write(62, of: source) { record, isSimulated in
            record.write062End(
                number: told.number, at: time, place: told.place, source: source, service: service,
                isSimulated: isSimulated)
        }
    }

    /// Adds what is known of a sensor.
    public mutating func append(_ state: AsterixSensorState, at time: Timestamp) {
        let (source, service) = (self.source, self.service)
        self.writer.write(63, of: source) { record, _ in
            record.write063(state, at: time, source: source, service: service)
        }
    }

    /// Adds the state of this system.
    public mutating func append(_ state: AsterixServiceState, at time: Timestamp) {
        let (source, service) = (self.source, self.service)
        self.writer.write(65, of: source) { record, _ in
            record.write065(state, at: time, source: source, service: service)
        }
    }

    /// Hands out all datagrams, in order, and begins new ones.
    public mutating func takeDatagrams(_ body: (Span<UInt8>) throws -> Void) rethrows {
        try self.writer.takeDatagrams { _, bytes in try body(bytes) }
    }

    /// The next number that is free, going round; nil when there is none.
    private mutating func takeNumber() -> UInt16? {
        guard self.told.count < 65_535 else { return nil }
        repeat { self.lastNumber &+= 1 } while self.isUsed[Int(self.lastNumber)]
        self.isUsed[Int(self.lastNumber)] = true
        return self.lastNumber
    }
}
