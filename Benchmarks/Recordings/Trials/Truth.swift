package import Air
package import Geodesy
import Glibc

/// Where aircraft were, by what they (or multilateration) said of themselves: places between two reports are on a straight
/// line.
package struct Truth: Sendable {
    private struct Fix {
        var time: Timestamp
        var place: Geocentric
    }

    private var fixes: [ICAOAddress: [Fix]] = [:]
    /// Reports farther apart than this, seconds, say nothing of the time between.
    private let gapMax: Double

    /// - Parameters:
    ///   - reports: those whose plots `takes` lets through.
    ///   - gapMax: seconds.
    package init(_ reports: [SensorReport], gapMax: Double = 5, takes: (Plot) -> Bool) {
        self.gapMax = gapMax
        for case .plot(let plot) in reports where takes(plot) {
            guard let address = plot.identity.address, case .geodetic(let latitude, let longitude, _) = plot.measurement
            else { continue }
            let place = Geocentric(Geodetic(latitude: latitude, longitude: longitude))
            self.fixes[address, default: []].append(Fix(time: plot.measuredAt, place: place))
        }
        for address in self.fixes.keys { self.fixes[address]?.sort { $0.time < $1.time } }
    }

    package var isEmpty: Bool { self.fixes.isEmpty }
    package var addresses: [ICAOAddress] { Array(self.fixes.keys) }

    /// Where an aircraft was, on the ellipsoid; nil where nothing tells.
    package func place(of address: ICAOAddress, at time: Timestamp) -> Geocentric? {
        guard let fixes = self.fixes[address], let first = fixes.first, time >= first.time else { return nil }
        var (low, high) = (0, fixes.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if fixes[middle].time <= time { low = middle } else { high = middle }
        }
        let a = fixes[low]
        if a.time == time { return a.place }
        guard high < fixes.count else { return nil }
        let b = fixes[high]
        let span = b.time.seconds(since: a.time)
        guard span <= self.gapMax, span > 0 else { return nil }
        let share = time.seconds(since: a.time) / span
        return Geocentric(
            x: a.place.x + share * (b.place.x - a.place.x), y: a.place.y + share * (b.place.y - a.place.y),
            z: a.place.z + share * (b.place.z - a.place.z))
    }
}

extension Truth {
    /// How fast it was over four seconds, metres per second; nil where nothing tells.
    package func speed(of address: ICAOAddress, at time: Timestamp) -> Double? {
        guard let before = self.place(of: address, at: time.advanced(by: -2)),
            let after = self.place(of: address, at: time.advanced(by: 2))
        else { return nil }
        return before.distance(to: after) / 4
    }
}

/// Distances of tracks from truth.
package struct Errors: Sendable {
    private var squares = 0.0
    private var distances: [Double] = []

    package init() {}

    package mutating func add(_ distance: Double) {
        self.squares += distance * distance
        self.distances.append(distance)
    }

    package var count: Int { self.distances.count }
    /// Root mean square, metres; not a number without any.
    package var rms: Double { (self.squares / Double(self.distances.count)).squareRoot() }

    /// The distance that so many (0...1) do not exceed, metres; not a number without any.
    package func quantile(_ share: Double) -> Double {
        guard !self.distances.isEmpty else { return .nan }
        let sorted = self.distances.sorted()
        return sorted[min(Int(share * Double(sorted.count)), sorted.count - 1)]
    }
}
