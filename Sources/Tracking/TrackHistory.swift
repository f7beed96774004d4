import Air
import Geodesy
import Glibc

/// The state of every track after each of its newest plots, and those plots, so that one that comes late can be taken in
/// where it belongs.
///
/// Entries of a track are chained from the oldest to the newest. What lies behind the lag limit is freed as new plots
/// come, but for one state to begin from.
///
/// An entry is packed into words of 8 octets, in blocks of two sizes (a transport at rest in its class: 704 octets in place
/// of 1,900; any other: 1,408), in slabs that never move: what a track weighs is what the search for its plots must fetch.
///
/// | words | |
/// |---|---|
/// | 15 | time, which motions are at work and which of them turn, frame, height filter |
/// | n | weights of the n motions at work |
/// | 14 or 20 each | a motion: p, v, upper triangles of its covariance; what turns: also w and its covariances |
/// | 14, the last ones | the plot |
///
/// Complexity: O(1) to add, to read and to free; O(entries of the track) to find the one of an instant.
struct TrackHistory: Sendable {
    private struct Link: Sendable {
        /// Of the entry's state.
        var time: Timestamp
        /// The entries before and after it, or −1.
        var older: Int32 = -1
        var newer: Int32 = -1
        /// Where its words are: a block of the small slab, or, inverted, one of the large slab.
        var block: Int32
    }

    private var links: [Link] = []
    private var free: [Int32] = []
    /// A transport's straight flight and two turns, and the plot.
    private var small = Slab(stride: 88)
    /// Every motion, each turning, and the plot.
    private var large = Slab(stride: Chunk.headWords + 21 * MotionMixture.count + Chunk.plotWords)

    /// Notes a state, and the plot that led to it, as the one that follows on `older` (−1: none).
    ///
    /// - Parameter state: only read; `inout` here and below, because an `InlineArray` that is passed by value is copied at
    ///   every look into it.
    mutating func add(
        _ state: inout TrackState, _ plot: borrowing Measured, after older: Int32
    ) -> Int32 {
        let newer = older < 0 ? -1 : self.links[Int(older)].newer
        let link = Link(time: state.time, older: older, newer: newer, block: self.block(for: &state.mixture))
        let entry: Int32
        if let place = self.free.popLast() {
            entry = place
            self.links[Int(place)] = link
        } else {
            entry = Int32(self.links.count)
            self.links.append(link)
        }
        if older >= 0 { self.links[Int(older)].newer = entry }
        if newer >= 0 { self.links[Int(newer)].older = entry }
        self.write(&state, link.block)
        self.write(plot, link.block)
        return entry
    }

    /// Reads the state of an entry into the place of another state.
    ///
    /// - Parameter single: only the first motion at work.
    @inline(__always) func read(_ entry: Int32, single: Bool = false, into state: inout TrackState) {
        let block = self.links[Int(entry)].block
        if block >= 0 {
            self.small.read(block, single: single, into: &state)
        } else {
            self.large.read(~block, single: single, into: &state)
        }
    }

    /// The state of an entry.
    func state(_ entry: Int32) -> TrackState {
        var state = TrackState.none
        self.read(entry, into: &state)
        return state
    }

    /// The plot of an entry.
    func plot(_ entry: Int32) -> Measured {
        let block = self.links[Int(entry)].block
        return block >= 0 ? self.small.plot(block) : self.large.plot(~block)
    }

    /// The instant of an entry's state.
    @inline(__always) func time(_ entry: Int32) -> Timestamp { self.links[Int(entry)].time }

    /// The entry after one, or −1.
    @inline(__always) func newer(than entry: Int32) -> Int32 { self.links[Int(entry)].newer }

    /// The entry before one, or −1.
    @inline(__always) func older(than entry: Int32) -> Int32 { self.links[Int(entry)].older }

    /// Puts another state into an entry; its plot stays.
    mutating func setState(_ entry: Int32, _ state: inout TrackState) {
        let old = self.links[Int(entry)].block
        let isLarge = Self.size(&state.mixture) > self.small.stride
        if isLarge != (old < 0) {
            let plot = self.plot(entry)
            self.release(old)
            let block = self.block(for: &state.mixture)
            self.links[Int(entry)].block = block
            self.write(plot, block)
        }
        self.links[Int(entry)].time = state.time
        self.write(&state, self.links[Int(entry)].block)
    }

    /// Entries that a late plot may lie behind: as many are filtered anew, so that plots in falling order would cost the
    /// square of their number.
    static let laterMax = 64

    /// As `entry(at:from:)`; −1 if it lies behind more than `laterMax` others.
    @inline(__always) func earlier(_ instant: Timestamp, from newest: Int32) -> Int32 {
        var entry = newest
        for _ in 0...Self.laterMax {
            if self.links[Int(entry)].time <= instant || self.links[Int(entry)].older < 0 { return entry }
            entry = self.links[Int(entry)].older
        }
        return -1
    }

    /// The newest entry of a chain that is not newer than an instant; the oldest one if all are.
    @inline(__always) func entry(at instant: Timestamp, from newest: Int32) -> Int32 {
        var entry = newest
        while self.links[Int(entry)].time > instant, self.links[Int(entry)].older >= 0 {
            entry = self.links[Int(entry)].older
        }
        return entry
    }

    /// Frees what lies behind the first entry not newer than an instant.
    mutating func trim(_ newest: Int32, to instant: Timestamp) {
        let first = self.entry(at: instant, from: newest)
        let rest = self.links[Int(first)].older
        self.links[Int(first)].older = -1
        self.remove(rest)
    }

    /// Frees an entry and all that are older.
    mutating func remove(_ newest: Int32) {
        var entry = newest
        while entry >= 0 {
            self.release(self.links[Int(entry)].block)
            self.free.append(entry)
            entry = self.links[Int(entry)].older
        }
    }

    private mutating func write(_ state: inout TrackState, _ block: Int32) {
        if block >= 0 { self.small.write(&state, block) } else { self.large.write(&state, ~block) }
    }

    private mutating func write(_ plot: borrowing Measured, _ block: Int32) {
        if block >= 0 { self.small.write(plot, block) } else { self.large.write(plot, ~block) }
    }

    private static func size(_ mixture: inout MotionMixture) -> Int {
        var size = Chunk.headWords + Chunk.plotWords
        for j in mixture.low..<mixture.high { size += mixture.motions[j].mayTurn ? 21 : 15 }
        return size
    }

    private mutating func block(for mixture: inout MotionMixture) -> Int32 {
        Self.size(&mixture) <= self.small.stride ? self.small.take() : ~self.large.take()
    }

    private mutating func release(_ block: Int32) {
        if block >= 0 { self.small.release(block) } else { self.large.release(~block) }
    }
}

/// Blocks of equally many words, taken and given back; a chunk of memory is added when none is free, and none is moved.
private struct Slab: Sendable {
    /// Words of a block.
    let stride: Int
    private var chunks: [Chunk] = []
    private var free: [Int32] = []
    private var used: Int32 = 0

    /// Blocks of a chunk: a power of two.
    private static let chunkBlocks = 256

    init(stride: Int) { self.stride = stride }

    /// A block with anything in it.
    mutating func take() -> Int32 {
        if let block = self.free.popLast() { return block }
        let block = self.used
        if Int(block) / Self.chunkBlocks == self.chunks.count {
            self.chunks.append(Chunk(words: [Double](repeating: 0, count: Self.chunkBlocks * self.stride)))
        }
        self.used += 1
        return block
    }

    /// Gives a block back.
    mutating func release(_ block: Int32) { self.free.append(block) }

    /// Where a block is: its chunk, its first word, and that of its plot.
    @inline(__always) private func place(_ block: Int32) -> (chunk: Int, state: Int, plot: Int) {
        let begin = Int(block) % Self.chunkBlocks * self.stride
        return (Int(block) / Self.chunkBlocks, begin, begin + self.stride - Chunk.plotWords)
    }

    @inline(__always) func read(_ block: Int32, single: Bool, into state: inout TrackState) {
        let place = self.place(block)
        self.chunks[place.chunk].read(at: place.state, single: single, into: &state)
    }

    func plot(_ block: Int32) -> Measured {
        let place = self.place(block)
        return self.chunks[place.chunk].plot(at: place.plot)
    }

    mutating func write(_ state: inout TrackState, _ block: Int32) {
        let place = self.place(block)
        self.chunks[place.chunk].write(&state, at: place.state)
    }

    mutating func write(_ plot: borrowing Measured, _ block: Int32) {
        let place = self.place(block)
        self.chunks[place.chunk].write(plot, at: place.plot)
    }
}

/// The words of some blocks: how states and plots are packed.
private struct Chunk: Sendable {
    var words: [Double]

    static let headWords = 15
    static let plotWords = 14

    /// Integers as words.
    @inline(__always) private static func word(_ value: Int64) -> Double {
        Double(bitPattern: UInt64(bitPattern: value))
    }

    @inline(__always) private static func integer(_ word: Double) -> Int64 { Int64(bitPattern: word.bitPattern) }

    mutating func write(_ state: inout TrackState, at begin: Int) {
        var words = self.words.mutableSpan
        words[begin] = Self.word(state.time.nanoseconds)
        words[begin + 2] = state.frame.centre.x
        words[begin + 3] = state.frame.centre.y
        words[begin + 4] = state.frame.centre.z
        // The axes are made of the sines and cosines of two angles.
        words[begin + 5] = state.frame.up.z
        words[begin + 6] = state.frame.north.z
        words[begin + 7] = -state.frame.east.x
        words[begin + 8] = state.frame.east.y
        words[begin + 9] = state.frame.halfCurvature
        words[begin + 10] = state.vertical.height
        words[begin + 11] = state.vertical.climb
        words[begin + 12] = state.vertical.hh
        words[begin + 13] = state.vertical.hc
        words[begin + 14] = state.vertical.cc
        var at = begin + Self.headWords
        var turning = 0
        for j in state.mixture.low..<state.mixture.high {
            words[at] = state.mixture.weights[j]
            at += 1
        }
        for j in state.mixture.low..<state.mixture.high {
            let m = state.mixture.motions[j]
            words[at] = m.p.x
            words[at + 1] = m.p.y
            words[at + 2] = m.v.x
            words[at + 3] = m.v.y
            words[at + 4] = m.pp.a
            words[at + 5] = m.pp.b
            words[at + 6] = m.pp.d
            words[at + 7] = m.pv.a
            words[at + 8] = m.pv.b
            words[at + 9] = m.pv.c
            words[at + 10] = m.pv.d
            words[at + 11] = m.vv.a
            words[at + 12] = m.vv.b
            words[at + 13] = m.vv.d
            at += 14
            guard m.mayTurn else { continue }
            turning |= 1 << j
            words[at] = m.w
            words[at + 1] = m.pw.x
            words[at + 2] = m.pw.y
            words[at + 3] = m.vw.x
            words[at + 4] = m.vw.y
            words[at + 5] = m.ww
            at += 6
        }
        words[begin + 1] = Self.word(Int64(state.mixture.low | state.mixture.high << 8 | turning << 16))
    }

    @inline(__always) func read(at begin: Int, single: Bool, into state: inout TrackState) {
        let words = self.words.span
        state.time = Timestamp(nanoseconds: Self.integer(words[begin]))
        state.frame = TangentFrame(
            centre: SIMD3(words[begin + 2], words[begin + 3], words[begin + 4]), sinLatitude: words[begin + 5],
            cosLatitude: words[begin + 6],
            sinLongitude: words[begin + 7], cosLongitude: words[begin + 8], halfCurvature: words[begin + 9])
        state.vertical = Vertical(
            height: words[begin + 10], climb: words[begin + 11], hh: words[begin + 12], hc: words[begin + 13],
            cc: words[begin + 14])
        let mask = Int(Self.integer(words[begin + 1]))
        let low = mask & 0xFF, high = mask >> 8 & 0xFF
        state.mixture.setAtWork(low, high)
        var at = begin + Self.headWords
        for j in low..<high {
            state.mixture.weights[j] = words[at]
            at += 1
        }
        if single { state.mixture.single() }
        for j in low..<(single ? low + 1 : high) {
            var m = Motion(
                p: SIMD2(words[at], words[at + 1]), v: SIMD2(words[at + 2], words[at + 3]),
                pp: Matrix2(words[at + 4], words[at + 5], words[at + 5], words[at + 6]),
                vv: Matrix2(words[at + 11], words[at + 12], words[at + 12], words[at + 13]))
            m.pv = Matrix2(words[at + 7], words[at + 8], words[at + 9], words[at + 10])
            at += 14
            if mask >> (16 + j) & 1 == 1 {
                m.w = words[at]
                m.pw = SIMD2(words[at + 1], words[at + 2])
                m.vw = SIMD2(words[at + 3], words[at + 4])
                m.ww = words[at + 5]
                at += 6
            }
            state.mixture.motions[j] = m
        }
    }

    /// Bits of the plot's flags, below the number of its site.
    private enum Flag {
        static let polar: Int64 = 1, elevation: Int64 = 2, height: Int64 = 4, rangeRate: Int64 = 8
    }

    mutating func write(_ z: borrowing Measured, at: Int) {
        var words = self.words.mutableSpan
        words[at] = Self.word(z.measuredAt.nanoseconds)
        words[at + 1] = Self.word(
            Int64(z.site) << 8 | (z.isPolar ? Flag.polar : 0) | (z.hasElevation ? Flag.elevation : 0)
                | (z.hasHeight ? Flag.height : 0) | (z.hasRangeRate ? Flag.rangeRate : 0))
        words[at + 2] = z.height
        words[at + 3] = z.heightVariance
        words[at + 4] = z.climbRate
        if z.isPolar {
            words[at + 5] = z.range
            words[at + 6] = z.sinAzimuth
            words[at + 7] = z.cosAzimuth
            words[at + 8] = z.rangeVariance
            words[at + 9] = z.azimuthVariance
            words[at + 10] = z.up
            words[at + 11] = z.upVariance
            words[at + 12] = z.rangeRate
            words[at + 13] = z.rangeRateVariance
        } else {
            words[at + 5] = z.place.x
            words[at + 6] = z.place.y
            words[at + 7] = z.place.z
            words[at + 8] = z.positionVariance
            words[at + 9] = z.velocity.x
            words[at + 10] = z.velocity.y
            words[at + 11] = z.velocity.z
            words[at + 12] = z.velocityVariance
        }
    }

    func plot(at: Int) -> Measured {
        let words = self.words.span
        let flags = Self.integer(words[at + 1])
        var z = Measured(measuredAt: Timestamp(nanoseconds: Self.integer(words[at])), site: Int(flags >> 8))
        z.isPolar = flags & Flag.polar != 0
        z.hasElevation = flags & Flag.elevation != 0
        z.hasHeight = flags & Flag.height != 0
        z.hasRangeRate = flags & Flag.rangeRate != 0
        z.height = words[at + 2]
        z.heightVariance = words[at + 3]
        z.climbRate = words[at + 4]
        if z.isPolar {
            z.range = words[at + 5]
            z.sinAzimuth = words[at + 6]
            z.cosAzimuth = words[at + 7]
            z.rangeVariance = words[at + 8]
            z.azimuthVariance = words[at + 9]
            z.up = words[at + 10]
            z.upVariance = words[at + 11]
            z.rangeRate = words[at + 12]
            z.rangeRateVariance = words[at + 13]
        } else {
            z.place = SIMD3(words[at + 5], words[at + 6], words[at + 7])
            z.positionVariance = words[at + 8]
            z.velocity = SIMD3(words[at + 9], words[at + 10], words[at + 11])
            z.velocityVariance = words[at + 12]
        }
        return z
    }
}
