/// A 2 × 2 matrix by its elements, row by row: small enough to be kept in registers.
struct Matrix2 {
    var a: Double
    var b: Double
    var c: Double
    var d: Double

    @inline(__always) init(_ a: Double, _ b: Double, _ c: Double, _ d: Double) {
        self.a = a
        self.b = b
        self.c = c
        self.d = d
    }

    @inline(__always) static func diagonal(_ x: Double) -> Matrix2 { Matrix2(x, 0, 0, x) }
    static let zero = Matrix2(0, 0, 0, 0)

    @inline(__always) var transposed: Matrix2 { Matrix2(self.a, self.c, self.b, self.d) }
    @inline(__always) var determinant: Double { self.a * self.d - self.b * self.c }

    /// The inverse; infinite or NaN where there is none.
    @inline(__always) var inverse: Matrix2 {
        let f = 1 / self.determinant
        return Matrix2(self.d * f, -self.b * f, -self.c * f, self.a * f)
    }

    @inline(__always) static func + (l: Matrix2, r: Matrix2) -> Matrix2 {
        Matrix2(l.a + r.a, l.b + r.b, l.c + r.c, l.d + r.d)
    }

    @inline(__always) static func - (l: Matrix2, r: Matrix2) -> Matrix2 {
        Matrix2(l.a - r.a, l.b - r.b, l.c - r.c, l.d - r.d)
    }

    @inline(__always) static func * (l: Matrix2, r: Matrix2) -> Matrix2 {
        Matrix2(
            l.a * r.a + l.b * r.c, l.a * r.b + l.b * r.d, l.c * r.a + l.d * r.c, l.c * r.b + l.d * r.d)
    }

    @inline(__always) static func * (l: Double, r: Matrix2) -> Matrix2 {
        Matrix2(l * r.a, l * r.b, l * r.c, l * r.d)
    }

    @inline(__always) static func * (l: Matrix2, r: SIMD2<Double>) -> SIMD2<Double> {
        SIMD2(l.a * r.x + l.b * r.y, l.c * r.x + l.d * r.y)
    }

    /// The mean of the matrix and its transpose.
    @inline(__always) var symmetrised: Matrix2 {
        let mean = 0.5 * (self.b + self.c)
        return Matrix2(self.a, mean, mean, self.d)
    }
}

/// x yᵀ.
@inline(__always) func outer(_ x: SIMD2<Double>, _ y: SIMD2<Double>) -> Matrix2 {
    Matrix2(x.x * y.x, x.x * y.y, x.y * y.x, x.y * y.y)
}

/// xᵀ y.
@inline(__always) func dot(_ x: SIMD2<Double>, _ y: SIMD2<Double>) -> Double { x.x * y.x + x.y * y.y }

/// xᵀ y.
@inline(__always) func dot(_ x: SIMD3<Double>, _ y: SIMD3<Double>) -> Double {
    x.x * y.x + x.y * y.y + x.z * y.z
}
