public import Air
internal import Geodesy
internal import Glibc

/// News of a track as deterministic CBOR; docs/federation.md has the table.
///
/// Places are whole 10⁻⁹ rad (6 mm), heights whole millimetres, velocities whole mm/s, variances and information single
/// precision; times are exact. What is read is written again as it was.
public struct TrackCodec: Sendable {
    private var writer = PlainWriter()

    public init() {}

    /// The octets of the last news.
    public var octets: [UInt8] { self.writer.octets }

    /// Encodes news, behind `prefix`.
    ///
    /// - Parameter label: `LabelWords.encoded`, made once for many tracks; unused for what is withdrawn.
    /// - Returns: false where a number is not one that a track can have; then nothing goes.
    public mutating func encode(_ news: TrackNews, label: [UInt8], after prefix: [UInt8] = []) -> Bool {
        self.writer.removeAll()
        self.writer.raw(prefix)
        switch news {
        case .state(let track):
            self.writer.head(4, 20)
            self.writer.unsigned(0)
            self.writer.unsigned(UInt64(track.id.rawValue))
            self.writer.raw(label)
            return self.encode(track)
        case .tracklet(let tracklet):
            self.writer.head(4, 22)
            self.writer.unsigned(1)
            self.writer.unsigned(UInt64(tracklet.track.rawValue))
            self.writer.raw(label)
            return self.encode(tracklet)
        case .withdrawn(let number):
            self.writer.head(4, 2)
            self.writer.unsigned(2)
            self.writer.unsigned(UInt64(number.rawValue))
            return true
        }
    }

    /// Reads news.
    ///
    /// - Parameters:
    ///   - start: where it begins in `octets`; it ends where they end.
    ///   - originator: whose it is.
    /// - Returns: nil where it is none, or holds what no track can have.
    public static func decode(
        _ octets: [UInt8], from start: Int = 0, of originator: Nation
    ) -> (news: TrackNews, words: LabelWords?)? {
        var reader = PlainReader(octets, from: start)
        do throws(PlainError) {
            let count = try reader.head(4)
            let form = try reader.unsigned(max: 2)
            let number = TrackID(UInt32(try reader.unsigned(max: UInt64(UInt32.max))))
            switch (form, count) {
            case (0, 20):
                let words = try LabelWords(&reader)
                let track = try Self.state(number, &reader)
                try reader.end()
                return (.state(track), words)
            case (1, 22):
                let words = try LabelWords(&reader)
                let tracklet = try Self.tracklet(number, originator, &reader)
                try reader.end()
                return tracklet.isSound ? (.tracklet(tracklet), words) : nil
            case (2, 2):
                try reader.end()
                return (.withdrawn(number), nil)
            default: return nil
            }
        } catch { return nil }
    }

    // MARK: Parts

    private static let metresMax = 2_000_000.0

    private mutating func scaled(_ value: Double, by scale: Double, max: Double) -> Bool {
        guard abs(value) <= max else { return false }
        self.writer.integer(Int64((value * scale).rounded()))
        return true
    }

    private mutating func height(_ value: Double) {
        if !self.scaled(value, by: 1000, max: Self.metresMax) { self.writer.null() }
    }

    private static func height(_ reader: inout PlainReader) throws(PlainError) -> Double {
        reader.null() ? .nan : Double(try reader.integer(-2_000_000_000...2_000_000_000)) / 1000
    }

    private mutating func place(_ position: Geodetic) -> Bool {
        guard self.scaled(position.latitude, by: 1e9, max: .pi / 2),
            self.scaled(remainder(position.longitude, 2 * .pi), by: 1e9, max: .pi)
        else { return false }
        self.height(position.height)
        return true
    }

    private static func place(_ reader: inout PlainReader) throws(PlainError) -> Geodetic {
        let latitude = Double(try reader.integer(-1_570_796_327...1_570_796_327)) / 1e9
        let longitude = Double(try reader.integer(-3_141_592_654...3_141_592_654)) / 1e9
        return Geodetic(
            latitude: min(max(latitude, -.pi / 2), .pi / 2), longitude: min(max(longitude, -.pi), .pi),
            height: try Self.height(&reader))
    }

    /// Nought has one form.
    private mutating func single(_ value: Double) -> Bool {
        let single = Float(value) + 0
        self.writer.single(single)
        return single.isFinite
    }

    private mutating func aged<Value>(_ aged: Track.Aged<Value>?, _ since: Timestamp, _ value: (Value) -> Int64?) {
        guard let aged, let number = value(aged.value) else {
            self.writer.null()
            return
        }
        self.writer.head(4, 2)
        self.writer.integer(number)
        self.time(aged.measuredAt, since)
    }

    private static func aged<Value: Hashable & Sendable>(
        _ reader: inout PlainReader, _ since: Timestamp, _ range: ClosedRange<Int64>, _ value: (Int64) -> Value?
    ) throws(PlainError) -> Track.Aged<Value>? {
        if reader.null() { return nil }
        try reader.array(2)
        guard let read = value(try reader.integer(range)) else { throw reader.error }
        return Track.Aged(read, at: try Self.time(&reader, since))
    }

    private mutating func time(_ time: Timestamp, _ since: Timestamp) {
        self.writer.integer(time.nanoseconds &- since.nanoseconds)
    }

    private static func time(_ reader: inout PlainReader, _ since: Timestamp) throws(PlainError) -> Timestamp {
        Timestamp(nanoseconds: since.nanoseconds &+ (try reader.integer(Int64.min...Int64.max)))
    }

    private static func millimetres(_ metres: Double) -> Int64? {
        abs(metres) <= Self.metresMax ? Int64((metres * 1000).rounded()) : nil
    }

    private mutating func identity(
        _ address: Track.Aged<ICAOAddress>?, _ mode3A: Track.Aged<Mode3A>?, _ callsign: Track.Aged<Callsign>?,
        _ pressure: Track.Aged<Double>?, _ height: Track.Aged<Double>?, _ since: Timestamp
    ) {
        self.aged(address, since) { Int64($0.rawValue) }
        self.aged(mode3A, since) { Int64($0.rawValue) }
        self.aged(callsign, since) { Int64(bitPattern: $0.packed) }
        self.aged(pressure, since, Self.millimetres)
        self.aged(height, since, Self.millimetres)
    }

    private struct Identity {
        var address: Track.Aged<ICAOAddress>?
        var mode3A: Track.Aged<Mode3A>?
        var callsign: Track.Aged<Callsign>?
        var pressure: Track.Aged<Double>?
        var height: Track.Aged<Double>?

        init(_ reader: inout PlainReader, _ since: Timestamp) throws(PlainError) {
            self.address = try TrackCodec.aged(&reader, since, 0...0xFF_FFFF) { ICAOAddress(UInt32($0)) }
            self.mode3A = try TrackCodec.aged(&reader, since, 0...0o7777) { Mode3A(UInt16($0)) }
            self.callsign = try TrackCodec.aged(&reader, since, Int64.min...Int64.max) {
                Callsign(packed: UInt64(bitPattern: $0))
            }
            let range: ClosedRange<Int64> = -2_000_000_000...2_000_000_000
            self.pressure = try TrackCodec.aged(&reader, since, range) { Double($0) / 1000 }
            self.height = try TrackCodec.aged(&reader, since, range) { Double($0) / 1000 }
        }
    }

    // MARK: States

    private mutating func encode(_ track: Track) -> Bool {
        self.writer.integer(track.measuredAt.nanoseconds)
        self.time(track.receivedAt, track.measuredAt)
        self.time(track.bornAt, track.measuredAt)
        self.writer.unsigned(UInt64(track.status.rawValue))
        guard self.place(track.position), self.scaled(track.velocity.east, by: 1000, max: 1e6),
            self.scaled(track.velocity.north, by: 1000, max: 1e6), self.scaled(track.velocity.up, by: 1000, max: 1e6)
        else { return false }
        self.writer.head(2, 48)
        for i in 0..<4 {
            for j in i..<4 where !self.single(track.covariance[i, j]) { return false }
        }
        guard self.single(track.heightVariance), self.single(track.climbVariance) else { return false }
        self.identity(
            track.address, track.mode3A, track.callsign, track.pressureAltitude, track.geometricHeight,
            track.measuredAt)
        self.writer.unsigned(UInt64(track.lastKind.rawValue) << 1 | (track.isOnGround ? 1 : 0))
        let count = min(Int(track.contributionCount), Track.contributionsMax)
        self.writer.head(4, UInt64(1 + 2 * count))
        self.writer.unsigned(UInt64(track.plotCount))
        for i in 0..<count {
            self.writer.unsigned(UInt64(track.contributions[i].sensor.rawValue))
            self.time(track.contributions[i].measuredAt, track.measuredAt)
        }
        self.writer.unsigned(UInt64(track.doubts.rawValue))
        return true
    }

    private static func state(_ number: TrackID, _ reader: inout PlainReader) throws(PlainError) -> Track {
        let measuredAt = Timestamp(nanoseconds: try reader.integer(Int64.min...Int64.max))
        let receivedAt = try Self.time(&reader, measuredAt)
        let bornAt = try Self.time(&reader, measuredAt)
        guard let status = Track.Status(rawValue: UInt8(try reader.unsigned(max: 255))) else { throw reader.error }
        let position = try Self.place(&reader)
        var track = Track(
            id: number, status: status, measuredAt: measuredAt, receivedAt: receivedAt, position: position)
        track.bornAt = bornAt
        let speed: ClosedRange<Int64> = -1_000_000_000...1_000_000_000
        track.velocity = EastNorthUp(
            east: Double(try reader.integer(speed)) / 1000, north: Double(try reader.integer(speed)) / 1000,
            up: Double(try reader.integer(speed)) / 1000)
        guard try reader.head(2) == 48 else { throw reader.error }
        for i in 0..<4 {
            for j in i..<4 {
                let value = Double(try reader.single())
                track.covariance[i, j] = value
                track.covariance[j, i] = value
            }
        }
        track.heightVariance = Double(try reader.single())
        track.climbVariance = Double(try reader.single())
        for i in 0..<4 where track.covariance[i, i] < 0 { throw reader.error }
        guard track.heightVariance >= 0, track.climbVariance >= 0 else { throw reader.error }
        let identity = try Identity(&reader, measuredAt)
        track.address = identity.address
        track.mode3A = identity.mode3A
        track.callsign = identity.callsign
        track.pressureAltitude = identity.pressure
        track.geometricHeight = identity.height
        let flags = UInt8(try reader.unsigned(max: 255))
        guard let kind = Plot.Kind(rawValue: flags >> 1) else { throw reader.error }
        track.lastKind = kind
        track.isOnGround = flags & 1 == 1
        let items = try reader.head(4)
        guard items & 1 == 1, items <= UInt64(1 + 2 * Track.contributionsMax) else { throw reader.error }
        track.plotCount = UInt32(try reader.unsigned(max: UInt64(UInt32.max)))
        for i in 0..<Int(items / 2) {
            let sensor = SensorID(rawValue: UInt16(try reader.unsigned(max: 0xFFFF)))
            track.contributions[i] = Track.Contribution(sensor: sensor, measuredAt: try Self.time(&reader, measuredAt))
        }
        track.contributionCount = UInt8(items / 2)
        let doubts = Doubts(rawValue: UInt16(try reader.unsigned(max: 0xFFFF)))
        track.doubtLog.note(doubts, at: receivedAt)
        guard track.doubts == doubts else { throw reader.error }
        return track
    }

    // MARK: Tracklets

    private mutating func encode(_ tracklet: Tracklet) -> Bool {
        guard tracklet.isSound else { return false }
        self.writer.unsigned(UInt64(tracklet.epoch))
        self.writer.unsigned(UInt64(tracklet.sequence.lowerBound))
        self.writer.unsigned(UInt64(tracklet.sequence.upperBound - tracklet.sequence.lowerBound))
        self.writer.integer(tracklet.measuredAt.nanoseconds)
        self.time(tracklet.from, tracklet.measuredAt)
        self.time(tracklet.bornAt, tracklet.measuredAt)
        self.writer.unsigned(UInt64(tracklet.status.rawValue))
        guard self.place(tracklet.position) else { return false }
        self.writer.head(2, 84)
        for i in 0..<4 {
            for j in i..<4 where !self.single(tracklet.information[i, j]) { return false }
        }
        for i in 0..<4 where !self.single(tracklet.vector[i]) { return false }
        let vertical = tracklet.vertical
        guard self.single(vertical.heightInformation), self.single(vertical.crossInformation),
            self.single(vertical.climbInformation), self.single(vertical.heightVector),
            self.single(vertical.climbVector), self.single(tracklet.accelerationNoise), self.single(tracklet.evidence)
        else { return false }
        self.identity(
            tracklet.address, tracklet.mode3A, tracklet.callsign, tracklet.pressureAltitude,
            tracklet.geometricHeight, tracklet.measuredAt)
        self.writer.unsigned(
            UInt64(tracklet.lastKind.rawValue) << 2 | (tracklet.isLast ? 2 : 0) | (tracklet.isOnGround ? 1 : 0))
        self.writer.unsigned(UInt64(tracklet.plotCount))
        self.writer.unsigned(UInt64(tracklet.doubts.rawValue))
        return true
    }

    private static func tracklet(
        _ number: TrackID, _ originator: Nation, _ reader: inout PlainReader
    ) throws(PlainError) -> Tracklet {
        let word = UInt64(UInt32.max)
        let epoch = UInt32(try reader.unsigned(max: word))
        let first = UInt32(try reader.unsigned(max: word))
        let last = first + UInt32(try reader.unsigned(max: word - UInt64(first)))
        let measuredAt = Timestamp(nanoseconds: try reader.integer(Int64.min...Int64.max))
        let from = try Self.time(&reader, measuredAt)
        let bornAt = try Self.time(&reader, measuredAt)
        guard let status = Track.Status(rawValue: UInt8(try reader.unsigned(max: 255))) else { throw reader.error }
        var tracklet = Tracklet(
            originator: originator, track: number, epoch: epoch, sequence: first, from: from, measuredAt: measuredAt,
            position: try Self.place(&reader))
        tracklet.sequence = first...last
        tracklet.bornAt = bornAt
        tracklet.status = status
        guard try reader.head(2) == 84 else { throw reader.error }
        for i in 0..<4 {
            for j in i..<4 {
                let value = Double(try reader.single())
                tracklet.information[i, j] = value
                tracklet.information[j, i] = value
            }
        }
        for i in 0..<4 { tracklet.vector[i] = Double(try reader.single()) }
        tracklet.vertical.heightInformation = Double(try reader.single())
        tracklet.vertical.crossInformation = Double(try reader.single())
        tracklet.vertical.climbInformation = Double(try reader.single())
        tracklet.vertical.heightVector = Double(try reader.single())
        tracklet.vertical.climbVector = Double(try reader.single())
        tracklet.accelerationNoise = Double(try reader.single())
        tracklet.evidence = Double(try reader.single())
        let identity = try Identity(&reader, measuredAt)
        tracklet.address = identity.address
        tracklet.mode3A = identity.mode3A
        tracklet.callsign = identity.callsign
        tracklet.pressureAltitude = identity.pressure
        tracklet.geometricHeight = identity.height
        let flags = UInt8(try reader.unsigned(max: 255))
        guard let kind = Plot.Kind(rawValue: flags >> 2) else { throw reader.error }
        tracklet.lastKind = kind
        tracklet.isLast = flags & 2 != 0
        tracklet.isOnGround = flags & 1 != 0
        tracklet.plotCount = UInt32(try reader.unsigned(max: word))
        tracklet.doubts = Doubts(rawValue: UInt16(try reader.unsigned(max: 0xFFFF)))
        return tracklet
    }
}
