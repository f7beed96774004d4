public import Geodesy
import Glibc

/// A region cut into sectors by meridians and by parallels of geocentric latitude; what lies outside belongs to the
/// sector that is nearest.
public struct SectorGrid: Hashable, Sendable {
    /// Sectors from south to north, and from west to east.
    public let rows: Int
    public let columns: Int
    private let south: Double
    private let west: Double
    private let rowHeight: Double
    private let columnWidth: Double

    /// Cuts the region between two corners.
    ///
    /// - Parameters:
    ///   - southWest: a corner; only latitude and longitude count.
    ///   - northEast: the opposite one: east of the first, also over the date line.
    ///   - rows: 1...64.
    ///   - columns: 1...64.
    public init(from southWest: Geodetic, to northEast: Geodetic, rows: Int, columns: Int) {
        self.rows = min(max(rows, 1), 64)
        self.columns = min(max(columns, 1), 64)
        self.south = Self.geocentric(southWest.latitude)
        let height = Self.geocentric(northEast.latitude) - self.south
        self.west = southWest.longitude
        var width = northEast.longitude - southWest.longitude
        if width <= 0 { width += 2 * .pi }
        self.rowHeight = max(height, 1e-6) / Double(self.rows)
        self.columnWidth = min(max(width, 1e-6), 2 * .pi) / Double(self.columns)
    }

    /// Cuts the region in which sensors stand into sectors that are about square.
    ///
    /// - Parameter count: about how many sectors there are to be.
    public init(around sites: [Geodetic], count: Int) {
        var low = Geodetic(latitude: .infinity, longitude: .infinity)
        var high = Geodetic(latitude: -.infinity, longitude: -.infinity)
        for site in sites {
            low.latitude = min(low.latitude, site.latitude)
            low.longitude = min(low.longitude, site.longitude)
            high.latitude = max(high.latitude, site.latitude)
            high.longitude = max(high.longitude, site.longitude)
        }
        guard low.latitude.isFinite, low.longitude.isFinite, high.latitude.isFinite, high.longitude.isFinite else {
            self.init(
                from: Geodetic(latitude: -0.1, longitude: -0.1), to: Geodetic(latitude: 0.1, longitude: 0.1), rows: 1,
                columns: 1)
            return
        }
        let height = max(high.latitude - low.latitude, 1e-3)
        let width = max((high.longitude - low.longitude) * cos((low.latitude + high.latitude) / 2), 1e-3)
        let rows = (Double(max(count, 1)) * height / width).squareRoot().rounded()
        let across = min(max(Int(rows), 1), max(count, 1))
        self.init(from: low, to: high, rows: across, columns: max(1, (max(count, 1) + across / 2) / across))
    }

    /// How many sectors there are.
    public var count: Int { self.rows * self.columns }

    /// tan φ' = (1 − e²) tan φ
    private static func geocentric(_ latitude: Double) -> Double {
        atan((1 - WGS84.eccentricitySquared) * tan(min(max(latitude, -1.57), 1.57)))
    }

    /// Rows and columns of sectors, as halves of a place's coordinates: 0 is the south-west corner.
    @inline(__always) private func coordinates(_ place: SIMD3<Double>) -> (
        row: Double, column: Double, latitude: Double
    ) {
        let latitude = atan2(place.z, (place.x * place.x + place.y * place.y).squareRoot())
        // East of the western edge; what is outside is taken for east or west by what is nearer.
        let half = 0.5 * self.columnWidth * Double(self.columns)
        var east = atan2(place.y, place.x) - self.west - half
        east -= 2 * .pi * (east / (2 * .pi)).rounded()
        return ((latitude - self.south) / self.rowHeight, (east + half) / self.columnWidth, latitude)
    }

    @inline(__always) private static func clamped(_ coordinate: Double, _ count: Int) -> Int {
        Int(min(max(coordinate.rounded(.down), 0), Double(count - 1)))
    }

    /// The sector of a place, Earth-centred, metres.
    @inline(__always) func sector(of place: SIMD3<Double>) -> Int {
        let at = self.coordinates(place)
        return Self.clamped(at.row, self.rows) * self.columns + Self.clamped(at.column, self.columns)
    }

    /// The sectors within a distance of a place.
    struct Near {
        /// The sector that the place is in.
        var home: Int
        var rows: ClosedRange<Int>
        var columns: ClosedRange<Int>

        /// Whether no other is near.
        var isAlone: Bool { self.rows.count == 1 && self.columns.count == 1 }
    }

    /// The sector of a place, and those within a distance of it.
    ///
    /// - Parameter distance: metres; measured along meridian and parallel.
    @inline(__always) func near(_ place: SIMD3<Double>, within distance: Double) -> Near {
        let at = self.coordinates(place)
        let angle = distance / 6_371_000
        let rows = angle / self.rowHeight
        let columns = angle / max(cos(at.latitude), 1e-3) / self.columnWidth
        let home =
            Self.clamped(at.row, self.rows) * self.columns + Self.clamped(at.column, self.columns)
        let low = Self.clamped(at.row - rows, self.rows), high = Self.clamped(at.row + rows, self.rows)
        let left = Self.clamped(at.column - columns, self.columns)
        let right = Self.clamped(at.column + columns, self.columns)
        return Near(home: home, rows: low...high, columns: left...right)
    }

    /// Whether a sector is among those near.
    @inline(__always) func contains(_ near: Near, _ sector: Int) -> Bool {
        near.rows.contains(sector / self.columns) && near.columns.contains(sector % self.columns)
    }
}
