import Glibc

/// Assigns reports to states of one instant so that the sum of costs is least, exactly.
///
/// The cost of a pair is min(d, c)ᵖ, that of a report or state left alone cᵖ. Pairs at c or more cost as much as none:
/// the problem falls into the connected parts of the graph of those nearer, each small, each solved by itself.
struct Assigner {
    private var parent: [Int32: Int32] = [:]

    /// The cheapest assignment over edges shorter than `cutoff`.
    ///
    /// - Parameters:
    ///   - exponent: p of the costs that are summed to find the assignment.
    /// - Complexity: for each connected part of r reports and s states O(min(r, s)² max(r, s)).
    mutating func assign(_ edges: [Edge], cutoff: Double, exponent: Double) -> [Edge] {
        self.parent.removeAll(keepingCapacity: true)
        var near: [(root: Int32, edge: Edge)] = []
        near.reserveCapacity(edges.count)
        // Reports and states share one set of numbers: states are below zero.
        for edge in edges where edge.distance < cutoff { self.join(edge.report, -1 - edge.state) }
        for edge in edges where edge.distance < cutoff { near.append((self.root(edge.report), edge)) }
        near.sort { ($0.root, $0.edge.report, $0.edge.state) < ($1.root, $1.edge.report, $1.edge.state) }
        var chosen: [Edge] = []
        chosen.reserveCapacity(near.count)
        var begin = 0
        while begin < near.count {
            var end = begin + 1
            while end < near.count, near[end].root == near[begin].root { end += 1 }
            if end == begin + 1 {
                chosen.append(near[begin].edge)
            } else {
                Self.solve(near[begin..<end].map(\.edge), cutoff: cutoff, exponent: exponent, into: &chosen)
            }
            begin = end
        }
        return chosen
    }

    private mutating func root(_ node: Int32) -> Int32 {
        var node = node
        while let next = self.parent[node], next != node {
            if let further = self.parent[next] { self.parent[node] = further }
            node = next
        }
        return node
    }

    private mutating func join(_ a: Int32, _ b: Int32) {
        let (first, second) = (self.root(a), self.root(b))
        self.parent[first] = second
    }

    /// Solves one connected part.
    private static func solve(_ edges: [Edge], cutoff: Double, exponent: Double, into chosen: inout [Edge]) {
        let reports = Set(edges.map(\.report)).sorted(), states = Set(edges.map(\.state)).sorted()
        let isTurned = reports.count > states.count
        let (rows, columns) = isTurned ? (states.count, reports.count) : (reports.count, states.count)
        let alone = pow(cutoff, exponent)
        var cost = [Double](repeating: alone, count: rows * columns)
        var taken = [Int32](repeating: -1, count: rows * columns)
        for (index, edge) in edges.enumerated() {
            guard let r = reports.firstIndex(of: edge.report), let s = states.firstIndex(of: edge.state) else {
                continue
            }
            let cell = isTurned ? s * columns + r : r * columns + s
            cost[cell] = pow(edge.distance, exponent)
            taken[cell] = Int32(index)
        }
        for (row, column) in shortestAugmentingPaths(cost: cost, rows: rows, columns: columns).enumerated() {
            let edge = taken[row * columns + column]
            if edge >= 0 { chosen.append(edges[Int(edge)]) }
        }
    }
}

/// The column of each row in an assignment of least cost, with no more rows than columns.
///
/// Rows are added one by one, each along the shortest augmenting path in reduced costs; the potentials keep these from
/// being negative.
///
/// - Parameter cost: row by row, finite.
/// - Complexity: O(rows² · columns).
///
/// Source: R. Jonker, A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
/// Computing 38 (1987), augmentation phase.
func shortestAugmentingPaths(cost: [Double], rows: Int, columns: Int) -> [Int] {
    precondition(rows <= columns && cost.count == rows * columns, "an assignment needs no more rows than columns")
    var rowPotential = [Double](repeating: 0, count: rows)
    // One column more than there are: where each path begins.
    var columnPotential = [Double](repeating: 0, count: columns + 1)
    var rowOf = [Int](repeating: -1, count: columns + 1)
    var way = [Int](repeating: columns, count: columns + 1)
    var least = [Double](repeating: .infinity, count: columns + 1)
    var isVisited = [Bool](repeating: false, count: columns + 1)
    for row in 0..<rows {
        rowOf[columns] = row
        var column = columns
        for j in 0...columns {
            least[j] = .infinity
            isVisited[j] = false
        }
        repeat {
            isVisited[column] = true
            let i = rowOf[column]
            var delta = Double.infinity
            var next = column
            for j in 0..<columns where !isVisited[j] {
                let reduced = cost[i * columns + j] - rowPotential[i] - columnPotential[j]
                if reduced < least[j] {
                    least[j] = reduced
                    way[j] = column
                }
                if least[j] < delta {
                    delta = least[j]
                    next = j
                }
            }
            for j in 0...columns {
                if isVisited[j] {
                    rowPotential[rowOf[j]] += delta
                    columnPotential[j] -= delta
                } else {
                    least[j] -= delta
                }
            }
            column = next
        } while rowOf[column] >= 0
        repeat {
            let previous = way[column]
            rowOf[column] = rowOf[previous]
            column = previous
        } while column != columns
    }
    var result = [Int](repeating: 0, count: rows)
    for j in 0..<columns where rowOf[j] >= 0 { result[rowOf[j]] = j }
    return result
}
