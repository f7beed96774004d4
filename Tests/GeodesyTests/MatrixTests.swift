import Testing

@testable import Geodesy

/// A small generator whose every run can be had again from its seed.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite("Matrix")
struct MatrixTests {
    @Test("a product has the shape of its outer sides and the sums of its inner ones")
    func product() {
        let a = Matrix<2, 3>([[1, 2, 3], [4, 5, 6]])
        let b = Matrix<3, 2>([[7, 8], [9, 10], [11, 12]])
        let c = a * b
        #expect(c[0, 0] == 58 && c[0, 1] == 64 && c[1, 0] == 139 && c[1, 1] == 154)
        let d = a.timesTransposed(b.transposed)
        for i in 0..<2 { for j in 0..<2 { #expect(c[i, j] == d[i, j]) } }
    }

    @Test("a positive definite matrix times its inverse is the identity", arguments: 0..<50 as Range<UInt64>)
    func inverse(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        var root = Matrix<6, 6>.zero
        for i in 0..<6 { for j in 0..<6 { root[i, j] = .random(in: -1...1, using: &random) } }
        let matrix = root.timesTransposed(root) + .diagonal(0.1)
        let product = try matrix * matrix.inverted()
        for i in 0..<6 { for j in 0..<6 { #expect(abs(product[i, j] - (i == j ? 1 : 0)) < 1e-9) } }
    }

    @Test("a Cholesky factor times its transpose is the matrix")
    func cholesky() throws {
        let matrix = Matrix<3, 3>([[4, 12, -16], [12, 37, -43], [-16, -43, 98]])
        let l = try matrix.cholesky()
        #expect(l[0, 0] == 2 && l[1, 0] == 6 && l[1, 1] == 1 && l[2, 0] == -8 && l[2, 1] == 5 && l[2, 2] == 3)
    }

    @Test(
        "what has no Cholesky factor is refused, numbers that are none included",
        arguments: [0, -1, Double.nan, .infinity, -.infinity])
    func singular(pivot: Double) {
        var matrix = Matrix<2, 2>.identity
        matrix[1, 1] = pivot
        #expect(throws: Singular.self) { try matrix.cholesky() }
    }

    @Test("a vector is a column")
    func vector() {
        var v = Vector<3>.zero
        v[1] = 5
        #expect((Matrix<3, 3>.identity * v)[1] == 5)
    }
}
