/// A small dense matrix of `Double` whose shape is part of its type: a product that does not fit does not compile.
///
/// Stored row by row, inline: no allocation, ever.
@frozen public struct Matrix<let rows: Int, let columns: Int>: Sendable {
    /// The elements, row by row.
    public var elements: InlineArray<rows, InlineArray<columns, Double>>

    /// A matrix with `value` everywhere.
    @inlinable public init(repeating value: Double) {
        self.elements = InlineArray(repeating: InlineArray(repeating: value))
    }

    /// A matrix from its rows.
    @inlinable public init(_ elements: InlineArray<rows, InlineArray<columns, Double>>) { self.elements = elements }

    /// The zero matrix.
    @inlinable public static var zero: Self { Self(repeating: 0) }

    @inlinable public subscript(row: Int, column: Int) -> Double {
        get { self.elements[row][column] }
        set { self.elements[row][column] = newValue }
    }

    /// The matrix with rows and columns exchanged.
    @inlinable public var transposed: Matrix<columns, rows> {
        var result = Matrix<columns, rows>.zero
        for i in 0..<rows { for j in 0..<columns { result[j, i] = self[i, j] } }
        return result
    }

    @inlinable public static func + (lhs: Self, rhs: Self) -> Self {
        var result = lhs
        for i in 0..<rows { for j in 0..<columns { result[i, j] += rhs[i, j] } }
        return result
    }

    @inlinable public static func - (lhs: Self, rhs: Self) -> Self {
        var result = lhs
        for i in 0..<rows { for j in 0..<columns { result[i, j] -= rhs[i, j] } }
        return result
    }

    @inlinable public static func * (lhs: Double, rhs: Self) -> Self {
        var result = rhs
        for i in 0..<rows { for j in 0..<columns { result[i, j] *= lhs } }
        return result
    }

    /// The matrix product, `rows × columns` by `columns × n`.
    @inlinable public static func * <let n: Int>(lhs: Self, rhs: Matrix<columns, n>) -> Matrix<rows, n> {
        var result = Matrix<rows, n>.zero
        for i in 0..<rows {
            for k in 0..<columns {
                let factor = lhs[i, k]
                for j in 0..<n { result[i, j] += factor * rhs[k, j] }
            }
        }
        return result
    }

    /// `self · rhsᵀ`, without making the transpose.
    @inlinable public func timesTransposed<let n: Int>(_ rhs: Matrix<n, columns>) -> Matrix<rows, n> {
        var result = Matrix<rows, n>.zero
        for i in 0..<rows {
            for j in 0..<n {
                var sum = 0.0
                for k in 0..<columns { sum += self[i, k] * rhs[j, k] }
                result[i, j] = sum
            }
        }
        return result
    }
}

/// A column of `n` numbers.
public typealias Vector<let n: Int> = Matrix<n, 1>

extension Matrix where columns == 1 {
    @inlinable public subscript(row: Int) -> Double {
        get { self.elements[row][0] }
        set { self.elements[row][0] = newValue }
    }
}

/// A matrix that was to be factored is not positive definite.
public struct Singular: Error, Hashable, Sendable {
    @inlinable public init() {}
}

extension Matrix where rows == columns {
    /// The identity matrix.
    @inlinable public static var identity: Self { Self.diagonal(1) }

    /// A matrix with `value` on its diagonal and zero elsewhere.
    @inlinable public static func diagonal(_ value: Double) -> Self {
        var result = Self.zero
        for i in 0..<rows { result[i, i] = value }
        return result
    }

    /// The mean of the matrix and its transpose.
    @inlinable public var symmetrised: Self {
        var result = self
        for i in 0..<rows {
            for j in 0..<i {
                let mean = 0.5 * (self[i, j] + self[j, i])
                result[i, j] = mean
                result[j, i] = mean
            }
        }
        return result
    }

    /// The lower triangular L with L Lᵀ = self; only the lower triangle is read.
    ///
    /// - Throws: `Singular` when a pivot is not positive (or not a number).
    /// - Complexity: n³/6 products, no allocation.
    @inlinable public func cholesky() throws(Singular) -> Self {
        var factor = Self.zero
        for j in 0..<rows {
            var pivot = self[j, j]
            for k in 0..<j { pivot -= factor[j, k] * factor[j, k] }
            guard pivot > 0, pivot.isFinite else { throw Singular() }
            let root = pivot.squareRoot()
            factor[j, j] = root
            for i in (j + 1)..<max(rows, j + 1) {
                var sum = self[i, j]
                for k in 0..<j { sum -= factor[i, k] * factor[j, k] }
                factor[i, j] = sum / root
            }
        }
        return factor
    }

    /// X with self · X = rhs, for a symmetric positive definite matrix.
    ///
    /// - Throws: `Singular` when there is no Cholesky factor.
    @inlinable public func solved<let n: Int>(_ rhs: Matrix<rows, n>) throws(Singular) -> Matrix<rows, n> {
        try self.cholesky().solvedAsCholeskyFactor(rhs)
    }

    /// X with L Lᵀ X = rhs, where self is L.
    @inlinable public func solvedAsCholeskyFactor<let n: Int>(_ rhs: Matrix<rows, n>) -> Matrix<rows, n> {
        var x = rhs
        for column in 0..<n {
            for i in 0..<rows {
                var sum = x[i, column]
                for k in 0..<i { sum -= self[i, k] * x[k, column] }
                x[i, column] = sum / self[i, i]
            }
            for i in stride(from: rows - 1, through: 0, by: -1) {
                var sum = x[i, column]
                for k in (i + 1)..<max(rows, i + 1) { sum -= self[k, i] * x[k, column] }
                x[i, column] = sum / self[i, i]
            }
        }
        return x
    }

    /// The inverse of a symmetric positive definite matrix.
    ///
    /// - Throws: `Singular` when there is no Cholesky factor.
    @inlinable public func inverted() throws(Singular) -> Self { try self.solved(.identity) }
}
