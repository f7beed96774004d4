/// The assignment of plots to tracks that costs least in all: shortest augmenting paths over a dense matrix.
///
/// A row is a plot, a column a track or the row's own way out (to be of no track). Every row gets one column and no
/// column two rows. The arrays are kept from one use to the next.
///
/// Complexity: O(rows² · columns).
///
/// Source: R. Jonker, A. Volgenant, Computing 38 (1987), augmentation phase; D. Crouse, IEEE Trans. AES 52/4 (2016).
struct Assignment: Sendable {
    private(set) var rows = 0
    private(set) var columns = 0
    private var costs: [Double] = []
    private var rowPrice: [Double] = []
    private var columnPrice: [Double] = []
    private var rowOfColumn: [Int] = []
    private var columnOfRow: [Int] = []
    private var path: [Int] = []
    private var shortest: [Double] = []
    private var isRowDone: [Bool] = []
    private var isColumnDone: [Bool] = []

    /// What a forbidden pair costs.
    static let forbidden = 1e12

    /// Begins a problem of `rows` plots and `tracks` tracks: every pair forbidden, every way out free.
    mutating func begin(rows: Int, tracks: Int) {
        self.rows = rows
        self.columns = tracks + rows
        Self.fill(&self.costs, rows * self.columns, Self.forbidden)
        for row in 0..<rows { self.costs[row * self.columns + tracks + row] = 0 }
    }

    /// Sets the cost of a pair, less that of leaving the row without a track.
    mutating func setCost(row: Int, column: Int, _ cost: Double) { self.costs[row * self.columns + column] = cost }

    /// The column of a row, after `solve`.
    func column(ofRow row: Int) -> Int { self.columnOfRow[row] }

    /// Finds the cheapest assignment.
    mutating func solve() {
        Self.fill(&self.rowPrice, self.rows, 0)
        Self.fill(&self.columnPrice, self.columns, 0)
        Self.fill(&self.rowOfColumn, self.columns, -1)
        Self.fill(&self.columnOfRow, self.rows, -1)
        Self.fill(&self.path, self.columns, -1)
        for start in 0..<self.rows {
            Self.fill(&self.shortest, self.columns, .infinity)
            Self.fill(&self.isRowDone, self.rows, false)
            Self.fill(&self.isColumnDone, self.columns, false)
            var row = start
            var reached = 0.0
            var sink = -1
            while sink < 0 {
                self.isRowDone[row] = true
                var nearest = Double.infinity
                var best = -1
                for column in 0..<self.columns where !self.isColumnDone[column] {
                    let length =
                        reached + self.costs[row * self.columns + column] - self.rowPrice[row]
                        - self.columnPrice[column]
                    if length < self.shortest[column] {
                        self.shortest[column] = length
                        self.path[column] = row
                    }
                    let known = self.shortest[column]
                    if known < nearest || known == nearest && self.rowOfColumn[column] < 0 {
                        nearest = known
                        best = column
                    }
                }
                reached = nearest
                self.isColumnDone[best] = true
                if self.rowOfColumn[best] < 0 { sink = best } else { row = self.rowOfColumn[best] }
            }
            self.rowPrice[start] += reached
            for row in 0..<self.rows where self.isRowDone[row] && row != start {
                self.rowPrice[row] += reached - self.shortest[self.columnOfRow[row]]
            }
            for column in 0..<self.columns where self.isColumnDone[column] {
                self.columnPrice[column] -= reached - self.shortest[column]
            }
            while true {
                let row = self.path[sink]
                self.rowOfColumn[sink] = row
                swap(&self.columnOfRow[row], &sink)
                if row == start { break }
            }
        }
    }

    private static func fill<T>(_ array: inout [T], _ count: Int, _ value: T) {
        array.removeAll(keepingCapacity: true)
        array.append(contentsOf: repeatElement(value, count: count))
    }
}
