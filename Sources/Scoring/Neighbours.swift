import Geodesy

/// A report and a true state of one instant that are near each other.
struct Edge {
    /// Place in the scene's reports.
    var report: Int32
    /// Place in the scene's states.
    var state: Int32
    /// Metres, straight, both on the ellipsoid.
    var distance: Double
}

extension Scene {
    /// The pairs of report and state within a distance of each other at a time of the grid, by report.
    ///
    /// Both are swept along the Earth's axis, so that each report is only compared with states of its own latitude.
    ///
    /// - Complexity: n log n + the pairs within a band of latitude.
    func neighbours(at time: Int, within distance: Double) -> [Edge] {
        let reports = self.reportsAt[time]
        guard !reports.isEmpty else { return [] }
        let states = self.statesAt[time].map { (z: self.states[Int($0)].place.z, state: $0) }
            .sorted { ($0.z, $0.state) < ($1.z, $1.state) }
        var edges: [Edge] = []
        for report in reports {
            let place = self.reports[Int(report)].place
            var low = 0, high = states.count
            while low < high {
                let middle = (low + high) / 2
                if states[middle].z < place.z - distance { low = middle + 1 } else { high = middle }
            }
            while low < states.count, states[low].z <= place.z + distance {
                let d = place.distance(to: self.states[Int(states[low].state)].place)
                if d <= distance { edges.append(Edge(report: report, state: states[low].state, distance: d)) }
                low += 1
            }
        }
        return edges
    }
}
