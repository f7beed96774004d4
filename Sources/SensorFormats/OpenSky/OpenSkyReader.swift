public import Air
import Glibc

/// Reads state vectors of the OpenSky Network as comma-separated values, to plots.
///
/// A first line of names says which column is what, in the words of the state vector (`longitude`, `true_track`, …) or
/// of the history database (`lon`, `heading`, …). Without one, 17 or 18 columns are a state vector and 16 and more that
/// begin with a time the history's:
///
///     icao24,callsign,origin_country,time_position,last_contact,longitude,latitude,baro_altitude,on_ground,
///     velocity,true_track,vertical_rate,sensors,geo_altitude,squawk,spi,position_source[,category]
///     time,icao24,lat,lon,velocity,heading,vertrate,callsign,onground,alert,spi,squawk,baroaltitude,geoaltitude,
///     lastposupdate,lastcontact[,…]
///
/// Seconds since 1970, degrees, metres, metres per second. States are sampled, so that a position may come again: a
/// position as old as the last one of its aircraft is counted and makes no plot.
///
/// Source: OpenSky Network API documentation, "State Vectors"; its historical database's `state_vectors_data4`.
public struct OpenSkyReader: Sendable {
    /// Why a line is no state.
    public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
            /// The first line neither names its columns nor has as many as a state vector; nothing can be read.
            case unknownColumns
            /// Fewer fields than columns that are read.
            case tooFewFields
            /// No address of hexadecimal digits.
            case badAddress
            /// No time in seconds since 1970.
            case badTime
            /// A value that is no number, or beyond its range.
            case badField
            /// Longer than any line of this format.
            case tooLong

            /// In words.
            public var text: String {
                switch self {
                case .unknownColumns: "neither names of columns nor the columns of a state vector"
                case .tooFewFields: "fewer fields than columns"
                case .badAddress: "no address of hexadecimal digits"
                case .badTime: "no time in seconds since 1970"
                case .badField: "a value that cannot be"
                case .tooLong: "longer than a state vector"
                }
            }
        }

        /// From 1.
        public var line: Int
        /// Bytes from the start to the line.
        public var offset: Int
        public var reason: Reason
        /// The column with the fault, from 1; 0 where it is the line as a whole.
        public var column: UInt8

        public var description: String {
            "line \(self.line), offset \(self.offset): \(self.reason.text)"
                + (self.column == 0 ? "" : " (column \(self.column))")
        }
    }

    /// The columns that are read.
    enum Column: UInt8, CaseIterable {
        case address, time, lastContact, positionTime, latitude, longitude, velocity, track, climb, callsign, onGround
        case ident, squawk, pressureAltitude, height, positionSource

        /// What the column is called, in lower case, in any of the forms.
        fileprivate var names: [StaticString] {
            switch self {
            case .address: ["icao24"]
            case .time: ["time"]
            case .lastContact: ["lastcontact", "last_contact"]
            case .positionTime: ["lastposupdate", "time_position"]
            case .latitude: ["lat", "latitude"]
            case .longitude: ["lon", "longitude"]
            case .velocity: ["velocity"]
            case .track: ["heading", "true_track"]
            case .climb: ["vertrate", "vertical_rate"]
            case .callsign: ["callsign"]
            case .onGround: ["onground", "on_ground"]
            case .ident: ["spi"]
            case .squawk: ["squawk"]
            case .pressureAltitude: ["baroaltitude", "baro_altitude"]
            case .height: ["geoaltitude", "geo_altitude"]
            case .positionSource: ["position_source"]
            }
        }
    }

    /// The sensor that the plots are said to be of.
    public let sensor: SensorID
    /// One standard deviation of each axis of a position, metres; the states do not say.
    public let positionDeviation: Double
    /// Plots made.
    public private(set) var plotCount = 0
    /// States without a position.
    public private(set) var withoutPosition = 0
    /// States whose position had come before.
    public private(set) var repeated = 0
    /// Lines that were no state.
    public private(set) var problemCount = 0

    private var lines = LineReader(lengthMax: 1024)
    /// For each of `Column` its place, from 1; 0 where there is none; nil until the first line was read.
    private var places: InlineArray<16, UInt8>?
    private var isUnreadable = false
    /// The time of the last position of each aircraft; begun anew when it holds 2¹⁷ of them.
    private var positionTimes: [UInt32: Int64] = [:]

    public init(sensor: SensorID, positionDeviation: Double = 50) {
        self.sensor = sensor
        self.positionDeviation = positionDeviation
    }

    /// Whether text begins as such a file does.
    public static func detect(_ bytes: Span<UInt8>) -> Bool {
        var reader = OpenSkyReader(sensor: SensorID(rawValue: 0))
        var reports: [SensorReport] = []
        reader.read(bytes.extracting(first: 8192), into: &reports)
        return reader.plotCount + reader.withoutPosition > reader.problemCount
    }

    /// Reads the next piece; appends the plots of the lines that it completes.
    ///
    /// - Complexity: O(bytes); no allocation but for what `reports` and a first sight of an aircraft need.
    public mutating func read(
        _ bytes: Span<UInt8>, problem: (Problem) -> Void = { _ in }, into reports: inout [SensorReport]
    ) {
        var lines = self.lines
        self.lines = LineReader(lengthMax: 0)
        lines.read(
            bytes, tooLong: { self.fail(.tooLong, 0, $0, problem) },
            { line, place in self.take(line, place, problem, &reports) })
        self.lines = lines
    }

    /// Reads a last line that has no end.
    public mutating func finish(problem: (Problem) -> Void = { _ in }, into reports: inout [SensorReport]) {
        var lines = self.lines
        lines.finish { line, place in self.take(line, place, problem, &reports) }
        self.lines = lines
    }

    private mutating func fail(
        _ reason: Problem.Reason, _ column: UInt8, _ place: LineReader.Place, _ problem: (Problem) -> Void
    ) {
        self.problemCount += 1
        problem(Problem(line: place.line, offset: place.offset, reason: reason, column: column))
    }

    private mutating func take(
        _ line: Span<UInt8>, _ place: LineReader.Place, _ problem: (Problem) -> Void, _ reports: inout [SensorReport]
    ) {
        let fields = CommaSeparated(line)
        if self.isUnreadable || (fields.count == 1 && fields.field(0, of: line).isEmpty) { return }
        if self.places == nil {
            let named = Self.named(fields, line)
            guard let places = named ?? Self.unnamed(fields, line) else {
                self.isUnreadable = true
                return self.fail(.unknownColumns, 0, place, problem)
            }
            self.places = places
            if named != nil { return }
        }
        guard let places = self.places else { return }
        do throws(Fault) {
            guard let plot = try self.plot(fields, line, places) else { return }
            self.plotCount += 1
            reports.append(.plot(plot))
        } catch {
            self.fail(error.reason, error.column, place, problem)
        }
    }

    // MARK: Columns

    /// The places of the columns by their names; nil if the least of them are not there.
    private static func named(_ fields: CommaSeparated, _ line: Span<UInt8>) -> InlineArray<16, UInt8>? {
        var places = InlineArray<16, UInt8>(repeating: 0)
        for index in 0..<fields.count {
            let range = fields.field(index, of: line)
            for column in Column.allCases where places[Int(column.rawValue)] == 0 {
                if column.names.contains(where: { Self.isSame(line, range, $0) }) {
                    places[Int(column.rawValue)] = UInt8(index + 1)
                }
            }
        }
        func has(_ column: Column) -> Bool { places[Int(column.rawValue)] != 0 }
        let hasTime = has(.time) || has(.positionTime) || has(.lastContact)
        return has(.address) && has(.latitude) && has(.longitude) && hasTime ? places : nil
    }

    private static func isSame(_ line: Span<UInt8>, _ range: Range<Int>, _ name: StaticString) -> Bool {
        guard range.count == name.utf8CodeUnitCount else { return false }
        // The buffer of a literal lives as long as the program.
        let letters = unsafe UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        for i in 0..<range.count {
            let byte = line[range.lowerBound + i]
            guard unsafe (byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte) == letters[i] else { return false }
        }
        return true
    }

    /// The places of the columns by their number; nil if it is not that of a state vector.
    private static func unnamed(_ fields: CommaSeparated, _ line: Span<UInt8>) -> InlineArray<16, UInt8>? {
        // In the order of `Column`.
        if fields.count >= 17, fields.count <= 18, TextNumber.address(line, fields.field(0, of: line)) != nil,
            fields.field(0, of: line).count == 6
        {
            return [1, 0, 5, 4, 7, 6, 10, 11, 12, 2, 9, 16, 15, 8, 14, 17]
        }
        if fields.count >= 16, fields.field(1, of: line).count == 6,
            let seconds = TextNumber.decimal(line, fields.field(0, of: line)), seconds > 1e9
        {
            return [2, 1, 16, 15, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 0]
        }
        return nil
    }

    // MARK: Lines

    private struct Fault: Error {
        var reason: Problem.Reason
        var column: UInt8
    }

    /// The plot of a state; nil if it has no position, or the one that it had.
    private mutating func plot(
        _ fields: CommaSeparated, _ line: Span<UInt8>, _ places: InlineArray<16, UInt8>
    ) throws(Fault) -> Plot? {
        func place(_ column: Column) -> Int { Int(places[Int(column.rawValue)]) - 1 }
        func range(_ column: Column) -> Range<Int> {
            let index = place(column)
            let range = index < 0 ? 0..<0 : fields.field(index, of: line)
            return Self.isNull(line, range) ? 0..<0 : range
        }
        func fault(_ reason: Problem.Reason, _ column: Column) -> Fault {
            Fault(reason: reason, column: places[Int(column.rawValue)])
        }
        func number(_ column: Column, _ bounds: ClosedRange<Double>) throws(Fault) -> Double? {
            let range = range(column)
            if range.isEmpty { return nil }
            guard let value = TextNumber.decimal(line, range), bounds.contains(value) else {
                throw fault(.badField, column)
            }
            return value
        }
        func time(_ column: Column) throws(Fault) -> Timestamp? {
            let range = range(column)
            if range.isEmpty { return nil }
            // Up to the year 2261.
            guard let seconds = TextNumber.decimal(line, range), seconds >= 0, seconds < 9.2e9 else {
                throw fault(.badTime, column)
            }
            return Timestamp(seconds: seconds)
        }
        func flag(_ column: Column) throws(Fault) -> Bool {
            let range = range(column)
            if range.isEmpty { return false }
            switch line[range.lowerBound] {
            case UInt8(ascii: "0"), UInt8(ascii: "F"), UInt8(ascii: "f"): return false
            case UInt8(ascii: "1"), UInt8(ascii: "T"), UInt8(ascii: "t"): return true
            default: throw fault(.badField, column)
            }
        }
        for column in [Column.address, .latitude, .longitude] where place(column) >= fields.count {
            throw Fault(reason: .tooFewFields, column: 0)
        }
        guard let address = TextNumber.address(line, range(.address)) else { throw fault(.badAddress, .address) }
        let latitude = try number(.latitude, -90...90)
        let longitude = try number(.longitude, -180...180)
        let positionTime = try time(.positionTime)
        let lastContact = try time(.lastContact)
        let sampledAt = try time(.time)
        guard let latitude, let longitude else {
            self.withoutPosition += 1
            return nil
        }
        guard let receivedAt = sampledAt ?? lastContact ?? positionTime else { throw fault(.badTime, .time) }
        let measuredAt = positionTime ?? receivedAt
        if self.positionTimes[address] == measuredAt.nanoseconds {
            self.repeated += 1
            return nil
        }
        var identity = Identity(address: ICAOAddress(address))
        let squawk = range(.squawk)
        if !squawk.isEmpty {
            // Some tools make numbers with decimals of squawks.
            let whole = squawk.first { line[$0] == UInt8(ascii: ".") } ?? squawk.upperBound
            guard let code = TextNumber.squawk(line, squawk.lowerBound..<whole) else { throw fault(.badField, .squawk) }
            identity.mode3A = Mode3A(code)
        }
        // A callsign that is none is no ground to lose the position.
        identity.callsign = TextNumber.callsign(line, range(.callsign)).flatMap { Callsign(packed: $0) }
        var plot = Plot(
            sensor: self.sensor, measuredAt: measuredAt, receivedAt: max(receivedAt, measuredAt), kind: .broadcast,
            measurement: .geodetic(
                latitude: latitude * .pi / 180, longitude: longitude * .pi / 180, deviation: self.positionDeviation),
            identity: identity)
        if try number(.positionSource, 0...255) == 2 { plot.kind = .multilateration }
        plot.pressureAltitude = try number(.pressureAltitude, -2000...60_000)
        plot.geometricHeight = try number(.height, -2000...60_000)
        plot.climbRate = try number(.climb, -500...500)
        plot.isOnGround = try flag(.onGround)
        plot.hasIdentPulse = try flag(.ident)
        if let speed = try number(.velocity, 0...5000), let track = try number(.track, -360...360) {
            let deviation = ModeSAccuracy.velocityRadius(category: 1) / ModeSAccuracy.radius95
            plot.velocity = Plot.Velocity(
                north: speed * cos(track * .pi / 180), east: speed * sin(track * .pi / 180), deviation: deviation)
        }
        if self.positionTimes.count >= 1 << 17 { self.positionTimes.removeAll(keepingCapacity: true) }
        self.positionTimes[address] = measuredAt.nanoseconds
        return plot
    }

    /// Empty, or a word that databases write for nothing.
    private static func isNull(_ line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        switch range.count {
        case 0: true
        case 3: self.isSame(line, range, "nan")
        case 4: self.isSame(line, range, "null") || self.isSame(line, range, "none")
        default: false
        }
    }
}
