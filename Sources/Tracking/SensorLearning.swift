import Air
import Glibc

/// What a radar really sees, learned from the tracks that it looked at: hits over looks by range, height and azimuth.
///
/// p = (w p₀ + hits) / (w + looks) in the cell of range and height, times what the sector of azimuth sees more or less
/// than the whole; p₀ the nominal probability, w = 25 looks. Counts are halved when they grow old. So a blind sector, a
/// mountain, a weak channel or a cone of silence wider than stated costs no track its life.
struct DetectionTable: Sendable {
    static let ranges = 12, heights = 5, sectors = 36
    /// Looks that the nominal probability counts for.
    static let weight: Float = 25
    /// Looks after which a cell is halved.
    static let most: Float = 600

    private let rangeMax: Double
    /// Hits and looks: of echoes alone, then of aircraft that reply, by range and height; and by azimuth.
    private var cells: [SIMD2<Float>]
    private var turns: [SIMD2<Float>]
    private var whole = SIMD2<Float>(0, 0)

    init(rangeMax: Double) {
        self.rangeMax = rangeMax
        self.cells = Array(repeating: .zero, count: 2 * Self.ranges * Self.heights)
        self.turns = Array(repeating: .zero, count: Self.sectors)
    }

    @inline(__always) private func cell(_ range: Double, _ height: Double, _ replies: Bool) -> Int {
        let r = min(max(Int(range / self.rangeMax * Double(Self.ranges)), 0), Self.ranges - 1)
        let h = min(max(Int(height / 3_000), 0), Self.heights - 1)
        return ((replies ? 1 : 0) * Self.heights + h) * Self.ranges + r
    }

    /// - Parameter azimuth: radians, −2π...4π.
    @inline(__always) private func sector(_ azimuth: Double) -> Int {
        let turn = azimuth / (2 * .pi)
        return min(max(Int((turn - turn.rounded(.down)) * Double(Self.sectors)), 0), Self.sectors - 1)
    }

    /// The probability that a look finds its target.
    ///
    /// - Parameter nominal: what the sensor is said to do.
    func probability(_ nominal: Double, range: Double, height: Double, azimuth: Double, replies: Bool) -> Double {
        let w = Self.weight
        let here = self.cells[self.cell(range, height, replies)], turn = self.turns[self.sector(azimuth)]
        let mean = (w * Float(nominal) + self.whole[0]) / (w + self.whole[1])
        let beside = (w * mean + turn[0]) / (w + turn[1])
        let p = (w * Float(nominal) + here[0]) / (w + here[1]) * (beside / max(mean, 0.01))
        return Double(min(max(p, 0), 0.99))
    }

    /// Notes a look at a track that surely was there.
    mutating func note(isHit: Bool, range: Double, height: Double, azimuth: Double, replies: Bool) {
        let look = SIMD2<Float>(isHit ? 1 : 0, 1)
        let cell = self.cell(range, height, replies), sector = self.sector(azimuth)
        self.cells[cell] += look
        self.turns[sector] += look
        self.whole += look
        if self.cells[cell][1] > Self.most { self.cells[cell] *= 0.5 }
        if self.turns[sector][1] > Self.most { self.turns[sector] *= 0.5 }
        if self.whole[1] > 10 * Self.most { self.whole *= 0.5 }
    }
}

/// Where a radar has false echoes, learned from the tentative tracks that came to nothing: how many in a turn of the antenna, by range and
/// azimuth.
///
/// λ = (β λ₀ + counts) / (β + turns), λ₀ the nominal share of the cell and β = 8 turns; the counts fade over 15 turns. So
/// tracks begin at once in clear air, and with hesitation in rain, over a windmill park or the sea.
struct ClutterMap: Sendable {
    static let ranges = 20, sectors = 32
    /// Turns that the nominal clutter counts for, and after which a count has faded to 1/e.
    static let prior = 8.0, memory = 15.0

    private let rangeMin: Double
    private let step: Double
    private let nominal: Double
    /// Counts, and the time of each cell's count, seconds of the sensor's clock.
    private var counts: [Float]
    private var times: [Double]
    private var begin = Double.nan

    /// - Parameter perTurn: false echoes expected in one turn.
    init(rangeMin: Double, rangeMax: Double, perTurn: Double) {
        self.rangeMin = rangeMin
        self.step = (rangeMax - rangeMin) / Double(Self.ranges)
        self.nominal = perTurn / Double(Self.ranges * Self.sectors)
        self.counts = Array(repeating: 0, count: Self.ranges * Self.sectors)
        self.times = Array(repeating: 0, count: Self.ranges * Self.sectors)
    }

    /// The area of a cell, m rad.
    static func area(rangeMin: Double, rangeMax: Double) -> Double {
        (rangeMax - rangeMin) / Double(Self.ranges) * 2 * .pi / Double(Self.sectors)
    }

    @inline(__always) private func cell(_ range: Double, _ azimuth: Double) -> Int {
        let r = min(max(Int((range - self.rangeMin) / self.step), 0), Self.ranges - 1)
        let turn = azimuth / (2 * .pi)
        let s = min(max(Int((turn - turn.rounded(.down)) * Double(Self.sectors)), 0), Self.sectors - 1)
        return s * Self.ranges + r
    }

    /// False echoes in a turn in the cell of a place.
    ///
    /// - Parameter period: seconds of a turn.
    func rate(range: Double, azimuth: Double, at seconds: Double, period: Double) -> Double {
        guard !self.begin.isNaN else { return self.nominal }
        let cell = self.cell(range, azimuth)
        let turns = max(seconds - self.begin, 0) / period
        let known = Self.memory * (1 - exp(-turns / Self.memory))
        let faded = exp(-max(seconds - self.times[cell], 0) / (period * Self.memory))
        return (Self.prior * self.nominal + Double(self.counts[cell]) * faded) / (Self.prior + known)
    }

    /// Notes false echoes.
    mutating func note(_ count: Float, range: Double, azimuth: Double, at seconds: Double, period: Double) {
        if self.begin.isNaN { self.begin = seconds }
        let cell = self.cell(range, azimuth)
        let faded = exp(-max(seconds - self.times[cell], 0) / (period * Self.memory))
        self.counts[cell] = self.counts[cell] * Float(faded) + count
        self.times[cell] = max(self.times[cell], seconds)
    }
}
