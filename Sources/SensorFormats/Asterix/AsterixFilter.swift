public import Air
public import Geodesy

/// Which records are wanted; without a demand all are.
public struct AsterixFilter: Sendable {
    /// A field of latitudes and longitudes; across the antimeridian if `west` is greater than `east`. Radians.
    public struct Area: Hashable, Sendable {
        public var south: Double
        public var west: Double
        public var north: Double
        public var east: Double

        public init(south: Double, west: Double, north: Double, east: Double) {
            self.south = south
            self.west = west
            self.north = north
            self.east = east
        }

        /// Whether a place is in it, its border included.
        public func contains(latitude: Double, longitude: Double) -> Bool {
            guard latitude >= self.south, latitude <= self.north else { return false }
            return self.west <= self.east
                ? longitude >= self.west && longitude <= self.east : longitude >= self.west || longitude <= self.east
        }
    }

    /// Records of these categories.
    public var categories: Set<UInt8> = []
    /// Records of these senders.
    public var sources: Set<SensorID> = []
    /// Records that have one of these items.
    public var items: [AsterixItem] = []
    /// Records with a position in here: of categories 021 and 062 as sent; of 048 from range, azimuth and flight level
    /// where the radar's site is known. Records without a position are not wanted then.
    public var area: Area?
    /// Where radars stand.
    public var sites: [SensorID: Geodetic] = [:]
    /// Where radars stand that are not among `sites`.
    public var site: Geodetic?

    /// All records.
    public init() {}

    /// Whether it makes no demand.
    public var letsAll: Bool {
        self.categories.isEmpty && self.sources.isEmpty && self.items.isEmpty && self.area == nil
    }
}

/// A filter at work.
struct AsterixFilterRun: Sendable {
    let letsAll: Bool
    private let filter: AsterixFilter
    private let categories: [Bool]
    private var items: AsterixItemSet
    private var plots = PlotSink()
    private var tally = AsterixTally()
    private var frames: [SensorID: LocalFrame] = [:]
    /// Plots of radars that an area was asked for and whose site is not known, by radar.
    private(set) var unplaced: [SensorID: Int] = [:]

    init(_ filter: AsterixFilter) {
        self.filter = filter
        self.letsAll = filter.letsAll
        self.categories = (0..<256).map { filter.categories.isEmpty || filter.categories.contains(UInt8($0)) }
        self.items = AsterixItemSet(filter.items)
    }

    /// Whether a record is wanted.
    ///
    /// - Parameter range: a whole record.
    @inline(__always)
    mutating func lets(_ layout: AsterixLayout, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        self.letsAll || self.looksAt(layout, bytes, range)
    }

    private mutating func looksAt(_ layout: AsterixLayout, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard self.categories[Int(layout.edition.category)] else { return false }
        if !self.filter.sources.isEmpty {
            guard let sensor = AsterixBlockReader.sensor(bytes, from: range.lowerBound, to: range.upperBound),
                self.filter.sources.contains(sensor)
            else { return false }
        }
        if !self.items.items.isEmpty {
            let wanted = self.items.slots(in: layout, profile: layout.profile(of: bytes, range))
            guard AsterixLayout.slots(bytes, range) & wanted != 0 else { return false }
        }
        guard let area = self.filter.area else { return true }
        guard let place = self.place(layout, bytes, range) else { return false }
        return area.contains(latitude: place.latitude, longitude: place.longitude)
    }

    /// Where the record says that something is.
    private mutating func place(_ layout: AsterixLayout, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Geodetic? {
        self.plots.reports.removeAll(keepingCapacity: true)
        let storage = layout.words
        _ = try? self.plots.read(
            layout, bytes, storage.span, from: range.lowerBound, to: range.upperBound, tally: &self.tally)
        guard case .plot(let plot)? = self.plots.reports.first else { return nil }
        switch plot.measurement {
        case .geodetic(let latitude, let longitude, _):
            return Geodetic(latitude: latitude, longitude: longitude)
        case .polar(let range, let azimuth, _):
            guard let site = self.filter.sites[plot.sensor] ?? self.filter.site else {
                self.unplaced[plot.sensor, default: 0] += 1
                return nil
            }
            let frame = self.frames[plot.sensor] ?? LocalFrame(origin: site)
            self.frames[plot.sensor] = frame
            // Without an altitude the target is taken to be as high as the radar.
            return Geodetic(
                frame.place(
                    range: range, azimuth: azimuth, height: plot.geometricHeight ?? plot.pressureAltitude ?? site.height
                ))
        }
    }
}
