/// Symmetric positive definite equations A x = b whose matrix is sparse, solved a step at a time, with the part of A⁻¹
/// that lies where A is not zero.
///
/// Only what lies between the first entry of a row that is not zero and the diagonal is kept: radars share aircraft with
/// those around them, so rows in the order of a coordinate have few entries far from the diagonal.
///
/// Complexity: O(n b²) for n rows of b entries; a step does as much of it as it is told to, so that no call takes long.
///
/// Source: A. George, J. W. Liu, "Computer Solution of Large Sparse Positive Definite Systems" (1981), chapter 4
/// (envelope); K. Takahashi, J. Fagan, M.-S. Chin, "Formation of a sparse bus impedance matrix" (1973) (inverse).
struct RegistrationSolver: Sendable {
    enum Phase { case idle, factor, invert, done, failed }

    private(set) var phase = Phase.idle
    /// The next row of L, or column of A⁻¹.
    private var next = 0
    private(set) var count = 0
    /// First column of each row that is not zero.
    private var first: [Int] = []
    /// Where column 0 of a row would be: entry (i, j) is at offset[i] + j.
    private var offset: [Int] = []
    private var end = 0
    /// A, and then L of A = L Lᵀ.
    private var factor: [Double] = []
    private var inverse: [Double] = []
    /// b, and then x.
    var solution: [Double] = []
    private var column: [Double] = []
    private var product: [Double] = []
    private var members: [Int] = []

    /// Begins new equations; rows are appended next.
    mutating func clear() {
        self.phase = .idle
        self.count = 0
        self.end = 0
        self.first.removeAll(keepingCapacity: true)
        self.offset.removeAll(keepingCapacity: true)
        self.solution.removeAll(keepingCapacity: true)
    }

    /// Appends a row of A, zero from `first` to its diagonal, and one of b.
    mutating func append(from first: Int, value: Double) {
        self.first.append(first)
        self.offset.append(self.end - first)
        self.end += self.count - first + 1
        while self.factor.count < self.end { self.factor.append(0) }
        for m in self.end - (self.count - first + 1)..<self.end { self.factor[m] = 0 }
        self.solution.append(value)
        self.count += 1
    }

    /// Adds to an entry of A, on or below the diagonal and not before the first of its row.
    mutating func add(_ value: Double, _ i: Int, _ j: Int) { self.factor[self.offset[i] + j] += value }

    /// Begins the work on the equations as they are.
    mutating func begin() {
        self.phase = .factor
        self.next = 0
        while self.inverse.count < self.end { self.inverse.append(0) }
        while self.column.count < self.count { self.column.append(0) }
        while self.product.count < self.count { self.product.append(0) }
    }

    /// Gives the work up.
    mutating func stop() { self.phase = .idle }

    /// Goes on for about so many multiplications.
    mutating func step(_ multiplications: Int) {
        var left = multiplications
        while left > 0, self.phase == .factor {
            guard self.next < self.count else {
                self.forward(&self.solution)
                self.backward(&self.solution)
                self.phase = .invert
                self.next = self.count - 1
                break
            }
            left -= self.factorRow(self.next)
            self.next += 1
        }
        while left > 0, self.phase == .invert {
            guard self.next >= 0 else {
                self.phase = .done
                return
            }
            left -= self.invertColumn(self.next)
            self.next -= 1
        }
    }

    /// A row of L; returns the multiplications it took.
    private mutating func factorRow(_ i: Int) -> Int {
        let begin = self.first[i], row = self.offset[i]
        for j in begin..<i {
            let from = max(begin, self.first[j])
            let sum = self.factor[row + j] - Self.dot(self.factor, row + from, self.offset[j] + from, j - from)
            self.factor[row + j] = sum / self.factor[self.offset[j] + j]
        }
        let square = self.factor[row + i] - Self.dot(self.factor, row + begin, row + begin, i - begin)
        guard square > 0, square.isFinite else {
            self.phase = .failed
            return 1
        }
        self.factor[row + i] = square.squareRoot()
        return 16 + (i - begin) * (i - begin) / 2
    }

    /// A column of Z = A⁻¹ where L is not zero, those right of it known; returns the multiplications it took.
    ///
    /// Z[i,j] = −Σ Z[i,k] c[k], Z[j,j] = L[j,j]⁻² − Σ c[k] Z[k,j]; k > j, c[k] = L[k,j] / L[j,j]
    private mutating func invertColumn(_ j: Int) -> Int {
        self.members.removeAll(keepingCapacity: true)
        let diagonal = 1 / self.factor[self.offset[j] + j]
        for k in j + 1..<max(self.count, j + 1) {
            self.product[k] = 0
            guard self.first[k] <= j else {
                self.column[k] = 0
                continue
            }
            self.column[k] = self.factor[self.offset[k] + j] * diagonal
            self.members.append(k)
        }
        var work = self.count - j
        for k in self.members {
            let begin = max(self.first[k], j + 1), row = self.offset[k]
            let factor = self.column[k]
            var sum = self.inverse[row + k] * factor
            for m in begin..<k {
                let z = self.inverse[row + m]
                sum += z * self.column[m]
                self.product[m] += z * factor
            }
            self.product[k] += sum
            work += 2 * (k - begin)
        }
        var own = diagonal * diagonal
        for k in self.members {
            self.inverse[self.offset[k] + j] = -self.product[k]
            own += self.column[k] * self.product[k]
        }
        self.inverse[self.offset[j] + j] = own
        return work
    }

    /// An entry of A⁻¹, on or below the diagonal and not before the first of its row.
    func inverse(_ i: Int, _ j: Int) -> Double { self.inverse[self.offset[i] + j] }

    /// x ← L⁻¹ x.
    func forward(_ x: inout [Double]) {
        for i in 0..<self.count {
            var sum = x[i]
            for m in self.first[i]..<i { sum -= self.factor[self.offset[i] + m] * x[m] }
            x[i] = sum / self.factor[self.offset[i] + i]
        }
    }

    /// x ← L⁻ᵀ x.
    func backward(_ x: inout [Double]) {
        for i in (0..<self.count).reversed() {
            let value = x[i] / self.factor[self.offset[i] + i]
            x[i] = value
            for m in self.first[i]..<i { x[m] -= self.factor[self.offset[i] + m] * value }
        }
    }

    /// The sum of products of two stretches of an array; four sums side by side, as each waits for its last addition.
    @inline(__always) static func dot(_ a: borrowing [Double], _ x: Int, _ y: Int, _ count: Int) -> Double {
        var sums = SIMD4<Double>.zero
        var m = 0
        while m + 4 <= count {
            let left = SIMD4<Double>(a[x + m], a[x + m + 1], a[x + m + 2], a[x + m + 3])
            let right = SIMD4<Double>(a[y + m], a[y + m + 1], a[y + m + 2], a[y + m + 3])
            sums += left * right
            m += 4
        }
        var sum = sums.sum()
        while m < count {
            sum += a[x + m] * a[y + m]
            m += 1
        }
        return sum
    }
}
