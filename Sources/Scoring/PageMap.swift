import Geodesy
import Glibc

/// The map of the report: truth, tracks, what was missed and what was false.
struct PageMap {
    private let score: Score
    private let latitude: ClosedRange<Double>
    private let longitude: ClosedRange<Double>
    private static let width = 1000.0
    private let height: Double
    /// Pixels for each radian of latitude.
    private let scale: Double
    private let narrowing: Double

    init(_ score: Score) {
        self.score = score
        // The truth decides what is shown: a single track gone astray must not shrink the rest to a point.
        var south = Double.infinity, north = -Double.infinity, west = Double.infinity, east = -Double.infinity
        for state in score.scene.truth {
            south = min(south, state.position.latitude)
            north = max(north, state.position.latitude)
            west = min(west, state.position.longitude)
            east = max(east, state.position.longitude)
        }
        if !(south <= north && west <= east) { (south, north, west, east) = (0, 0.01, 0, 0.01) }
        let margin = max(0.03 * max(north - south, east - west), 1e-4)
        self.latitude = south - margin...north + margin
        self.longitude = west - margin...east + margin
        self.narrowing = max(cos((south + north) / 2), 0.05)
        self.scale = Self.width / ((self.longitude.upperBound - self.longitude.lowerBound) * self.narrowing)
        self.height = min((self.latitude.upperBound - self.latitude.lowerBound) * self.scale, 3 * Self.width)
    }

    private func place(_ latitude: Double, _ longitude: Double) -> (x: Double, y: Double) {
        (
            (longitude - self.longitude.lowerBound) * self.narrowing * self.scale,
            (self.latitude.upperBound - latitude) * self.scale
        )
    }

    /// A path through points, without those that lie within half a pixel of the line between their neighbours.
    private func path(_ points: [(x: Double, y: Double)]) -> String {
        guard let first = points.first, let last = points.last else { return "" }
        var kept = [first]
        Self.thin(points[...], into: &kept)
        if points.count > 1 { kept.append(last) }
        if points.count == 1 { return "M\(short(first.x)) \(short(first.y))h0" }
        return "M" + kept.map { "\(short($0.x)) \(short($0.y))" }.joined(separator: "L")
    }

    /// Keeps the points between the ends that stand out.
    ///
    /// Source: D. H. Douglas, T. K. Peucker, "Algorithms for the reduction of the number of points required to represent a
    /// digitized line or its caricature", Cartographica 10 (1973).
    private static func thin(_ points: ArraySlice<(x: Double, y: Double)>, into kept: inout [(x: Double, y: Double)]) {
        // A stack of its own: a long path must not end the process's.
        var parts = [(points.startIndex, points.endIndex - 1, false)]
        while let (begin, end, isKept) = parts.popLast() {
            if isKept {
                kept.append(points[begin])
                continue
            }
            guard end > begin + 1 else { continue }
            let (a, b) = (points[begin], points[end])
            let (dx, dy) = (b.x - a.x, b.y - a.y)
            let length = max((dx * dx + dy * dy).squareRoot(), 1e-9)
            var most = 0.25, place = -1
            for i in begin + 1..<end {
                let off = abs((points[i].x - a.x) * dy - (points[i].y - a.y) * dx) / length
                if off > most { (most, place) = (off, i) }
            }
            guard place >= 0 else { continue }
            parts.append((place, end, false))
            parts.append((place, place, true))
            parts.append((begin, place, false))
        }
    }

    var svg: String {
        let scene = self.score.scene
        var body = self.graticule
        // Truth, and over it the parts that no track held.
        var isHeld = [Bool](repeating: false, count: scene.states.count)
        for sample in self.score.samples {
            if let state = scene.state(of: Int(sample.target), at: Int(sample.time)) { isHeld[state] = true }
        }
        var missed = ""
        body += "<g class=truth>"
        for target in scene.targets {
            let points = target.states.map {
                self.place(scene.truth[$0].position.latitude, scene.truth[$0].position.longitude)
            }
            let name = "\(target.name), \(target.kind)" + (target.identity.map { ", \($0)" } ?? "")
            body += "<path d=\"\(self.path(points))\"><title>\(escaped(name, for: .html))</title></path>"
            var begin = 0
            while begin < points.count {
                guard !isHeld[target.states.lowerBound + begin] else {
                    begin += 1
                    continue
                }
                var end = begin
                while end < points.count, !isHeld[target.states.lowerBound + end] { end += 1 }
                let from = scene.grid[Int(scene.stateTimes[target.states.lowerBound + begin])] / 1000
                let to = scene.grid[Int(scene.stateTimes[target.states.lowerBound + end - 1])] / 1000
                missed += "<path d=\"\(self.path(Array(points[begin..<end])))\"><title>\(escaped(name, for: .html)): "
                missed += "missed \(from)–\(to) s</title></path>"
                begin = end
            }
        }
        body += "</g><g class=missed>\(missed)</g>"
        return
            "<svg class=map viewBox=\"0 0 \(Int(Self.width)) \(short(self.height))\" role=img aria-label=\"Map: true paths, "
            + "tracks over them, parts that no track held, and tracks that held nothing\">\(body)\(self.tracks)\(self.bar)</svg>"
    }

    /// The tracks: parts that hold a target, and those that hold none.
    private var tracks: String {
        let scene = self.score.scene
        let holds = self.score.holdsTarget
        var held = "", empty = ""
        for piece in scene.pieces {
            var begin = piece.reports.lowerBound
            while begin < piece.reports.upperBound {
                var end = begin
                while end < piece.reports.upperBound, holds[end] == holds[begin] { end += 1 }
                // One report more on each side, so that the parts of a track hang together.
                let part =
                    max(
                        begin - (holds[begin] ? 0 : 1), piece.reports.lowerBound)..<min(
                        end + (holds[begin] ? 0 : 1), piece.reports.upperBound)
                let points = part.map { self.place(scene.told[$0].latitude, scene.told[$0].longitude) }
                let title =
                    "<title>track \(escaped(piece.track, for: .html))\(holds[begin] ? "" : ": on no object")</title>"
                let path = "<path d=\"\(self.path(points))\">\(title)</path>"
                if holds[begin] { held += path } else { empty += path }
                begin = end
            }
        }
        return "<g class=track>\(held)</g><g class=false>\(empty)</g>"
    }

    private var graticule: String {
        let degree = Double.pi / 180
        var body = "<g class=grid>"
        var labels = ""
        let latitudes = self.latitude.lowerBound / degree...self.latitude.upperBound / degree
        for latitude in Chart.ticks(latitudes, 6) {
            let y = short(self.place(latitude * degree, 0).y)
            body += "<path d=\"M0 \(y)H\(Int(Self.width))\"/>"
            labels += "<text x=4 y=\"\(y)\" dy=-3>\(significant(abs(latitude), 4))° \(latitude < 0 ? "S" : "N")</text>"
        }
        let longitudes = self.longitude.lowerBound / degree...self.longitude.upperBound / degree
        for longitude in Chart.ticks(longitudes, 8) {
            let x = short(self.place(0, longitude * degree).x)
            body += "<path d=\"M\(x) 0V\(short(self.height))\"/>"
            labels +=
                "<text x=\"\(x)\" y=\"\(short(self.height - 4))\" dx=3>\(significant(abs(longitude), 4))° \(longitude < 0 ? "W" : "E")</text>"
        }
        return body + "</g>" + labels
    }

    /// A length to compare with.
    private var bar: String {
        let kilometre = self.scale / 6371
        let length = Chart.ticks(0...200 / kilometre, 2).last ?? 0
        guard length > 0 else { return "" }
        let pixels = length * kilometre
        let x = Self.width - pixels - 12
        return
            "<path class=bar d=\"M\(short(x)) 14v6h\(short(pixels))v-6\"/><text x=\"\(short(x + pixels / 2))\" y=34 text-anchor=middle>"
            + "\(significant(length, 3)) km</text>"
    }
}
