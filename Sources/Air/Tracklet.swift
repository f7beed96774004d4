public import Geodesy

/// What a nation's own sensors have found out about one of its tracks since the tracklet before: information that the
/// receiver adds to its own prediction, so that nothing is counted twice. Holds no reference.
///
/// Measurements since the last tracklet, of x = (east, north, v east, v north) in the plane of `position`, are summed as
///
/// Y = Σ Fᵀ Hᵀ R⁻¹ H F, y = Σ Fᵀ Hᵀ R⁻¹ z
///
/// which is the information of the track's posterior less that of its prediction from the last tracklet on. Nothing of
/// the sender's prior is in it, so each tracklet stands for itself: one that is lost loses what it held and makes no
/// later one wrong, and two that follow one another add up to one (`combined(with:)`).
///
/// Source: O. E. Drummond, "A hybrid sensor fusion algorithm architecture and tracklets", Proc. SPIE 3163 (1997); C.-Y.
/// Chong, S. Mori, W. H. Barker, K.-C. Chang, "Architectures and algorithms for track association and fusion", IEEE AES
/// Systems Magazine 15/1 (2000).
@frozen public struct Tracklet: Sendable {
    /// The information about height and climb: of (metres, metres per second), as `information` and `vector` are.
    @frozen public struct Vertical: Hashable, Sendable {
        public var heightInformation: Double
        public var crossInformation: Double
        public var climbInformation: Double
        public var heightVector: Double
        public var climbVector: Double

        /// Nothing was measured.
        @inlinable public init() {
            self.heightInformation = 0
            self.crossInformation = 0
            self.climbInformation = 0
            self.heightVector = 0
            self.climbVector = 0
        }
    }

    /// Whose sensors it is from.
    public var originator: Nation
    /// The originator's number of the track. At release it is replaced by the audience's own.
    public var track: TrackID
    /// Which life of the sender this is: numbers of tracks and tracklets begin anew with each.
    public var epoch: UInt32
    /// Its number among the tracklets of this track for this receiver, from 1; of a sum, those of the first and the last.
    public var sequence: ClosedRange<UInt32>
    /// What was measured after this instant is in it; the birth of the track in its first.
    public var from: Timestamp
    /// The instant that information and vector hold for, and until which measurements are in it.
    public var measuredAt: Timestamp
    /// Where the sender's track is then. Its latitude and longitude are the origin of the plane; the height is the track's.
    public var position: Geodetic
    /// Of (east, north, v east, v north): symmetric, positive semidefinite, of any rank; 1/m², s/m², s²/m².
    public var information: Matrix<4, 4>
    /// `information` times what was measured, in metres from the origin and metres per second.
    public var vector: Vector<4>
    /// Of height and climb.
    public var vertical: Vertical
    /// White acceleration noise of the sender's track, m²/s³: with it old information fades when it is moved in time.
    public var accelerationNoise: Double
    /// The log-likelihood ratio, target against false, of the sender's track: from its own plots and looks in vain alone.
    public var evidence: Double
    /// How many plots are in it.
    public var plotCount: UInt32
    /// Where in its life the sender's track is.
    public var status: Track.Status
    /// The sender's track has ended: no tracklet follows under this number.
    public var isLast: Bool
    /// When the sender's track was begun.
    public var bornAt: Timestamp
    /// The Mode S address.
    public var address: Track.Aged<ICAOAddress>?
    /// The Mode 3/A code.
    public var mode3A: Track.Aged<Mode3A>?
    /// The aircraft identification.
    public var callsign: Track.Aged<Callsign>?
    /// Pressure altitude as last reported, metres.
    public var pressureAltitude: Track.Aged<Double>?
    /// Height above the ellipsoid as last reported, metres.
    public var geometricHeight: Track.Aged<Double>?
    /// The aircraft says that it is on the ground.
    public var isOnGround: Bool
    /// Kind of the last plot of the sender's track.
    public var lastKind: Plot.Kind
    /// The rules of plausibility that its recent plots broke.
    public var doubts: Doubts

    /// A tracklet without information.
    public init(
        originator: Nation, track: TrackID, epoch: UInt32, sequence: UInt32, from: Timestamp, measuredAt: Timestamp,
        position: Geodetic
    ) {
        self.originator = originator
        self.track = track
        self.epoch = epoch
        self.sequence = sequence...sequence
        self.from = from
        self.measuredAt = measuredAt
        self.position = position
        self.information = .zero
        self.vector = .zero
        self.vertical = Vertical()
        self.accelerationNoise = 1
        self.evidence = 0
        self.plotCount = 0
        self.status = .tentative
        self.isLast = false
        self.bornAt = from
        self.isOnGround = false
        self.lastKind = .primary
        self.doubts = []
    }

    /// Whether every number is one that a track can have.
    ///
    /// What a partner sends is looked at with this first: finite, symmetric, no negative information (each principal minor
    /// of order two, which is what a matrix that was rounded on the wire still keeps), times in order.
    public var isSound: Bool {
        for i in 0..<4 {
            guard self.vector[i].isFinite, abs(self.vector[i]) < 1e15 else { return false }
            guard self.information[i, i] >= 0, self.information[i, i] < 1e9 else { return false }
            for j in 0..<i {
                let (a, b) = (self.information[i, j], self.information[j, i])
                let limit = self.information[i, i] * self.information[j, j]
                guard a.isFinite, b.isFinite, abs(a - b) <= 1e-6 * limit.squareRoot(), a * a <= 1.0001 * limit else {
                    return false
                }
            }
        }
        let v = self.vertical
        guard v.heightInformation >= 0, v.heightInformation < 1e9, v.climbInformation >= 0, v.climbInformation < 1e9,
            v.crossInformation * v.crossInformation <= 1.0001 * v.heightInformation * v.climbInformation,
            v.heightVector.isFinite, v.climbVector.isFinite, abs(v.heightVector) < 1e15, abs(v.climbVector) < 1e15
        else { return false }
        for height in [self.pressureAltitude, self.geometricHeight] {
            if let height, !(abs(height.value) < 2_000_000) { return false }
        }
        let p = self.position
        return abs(p.latitude) <= .pi / 2 && abs(p.longitude) <= 7 && p.height.isFinite && abs(p.height) < 2_000_000
            && self.accelerationNoise >= 0 && self.accelerationNoise < 1e5 && abs(self.evidence) < 1e6
            && self.sequence.lowerBound > 0 && self.from <= self.measuredAt
    }
}

// MARK: Sums

extension Tracklet {
    /// This tracklet and the next one of its track as one: what a queue under back-pressure holds in place of both.
    ///
    /// The older one is moved to the time of the newer one, and both are added.
    ///
    /// - Precondition: both are of one originator, epoch and track, and `next` is the later one.
    public func combined(with next: Tracklet) -> Tracklet {
        precondition(
            self.originator == next.originator && self.epoch == next.epoch && self.track == next.track
                && self.sequence.upperBound < next.sequence.lowerBound, "tracklets of one track add, in their order")
        var sum = next
        sum.add(informationOf: self)
        sum.sequence = self.sequence.lowerBound...next.sequence.upperBound
        sum.address = next.address ?? self.address
        sum.mode3A = next.mode3A ?? self.mode3A
        sum.callsign = next.callsign ?? self.callsign
        sum.pressureAltitude = next.pressureAltitude ?? self.pressureAltitude
        sum.geometricHeight = next.geometricHeight ?? self.geometricHeight
        sum.doubts.formUnion(self.doubts)
        return sum
    }

    /// Adds what another tracklet of the same aircraft measured, moved to this one's instant and origin.
    public mutating func add(informationOf other: Tracklet) {
        let moved = other.moved(to: self.measuredAt).replanted(at: self.position)
        self.from = min(self.from, other.from)
        self.information = self.information + moved.information
        self.vector = self.vector + moved.vector
        self.vertical.heightInformation += moved.vertical.heightInformation
        self.vertical.crossInformation += moved.vertical.crossInformation
        self.vertical.climbInformation += moved.vertical.climbInformation
        self.vertical.heightVector += moved.vertical.heightVector
        self.vertical.climbVector += moved.vertical.climbVector
        self.plotCount &+= other.plotCount
    }

    /// The same information at another instant: what it says of the state then.
    ///
    /// With x' = F x + w, w ~ (0, Q): M = F⁻ᵀ Y F⁻¹, Y' = (I + M Q)⁻¹ M, y' = (I + M Q)⁻¹ F⁻ᵀ y, for any rank of Y; backwards
    /// likewise. Q is that of white acceleration of density `accelerationNoise` over |t|.
    ///
    /// - Complexity: one 4 × 4 solution.
    public func moved(to instant: Timestamp) -> Tracklet {
        let t = instant.seconds(since: self.measuredAt)
        guard t != 0 else { return self }
        var result = self
        result.measuredAt = instant
        result.from = min(self.from, instant)
        // F⁻¹ subtracts t v from the place.
        var back = Matrix<4, 4>.identity
        back[0, 2] = -t
        back[1, 3] = -t
        let m = back.transposed * self.information * back
        let y = back.transposed * self.vector
        let (s, q) = (abs(t), self.accelerationNoise)
        var noise = Matrix<4, 4>.zero
        for i in 0..<2 {
            noise[i, i] = q * s * s * s / 3
            noise[i, i + 2] = q * t * s / 2
            noise[i + 2, i] = noise[i, i + 2]
            noise[i + 2, i + 2] = q * s
        }
        // (I + M Q)⁻¹ M = M − M (Q⁻¹ + M)⁻¹ M = M − M Q (I + M Q)⁻¹ M; I + M Q has its eigenvalues at 1 and above.
        (result.information, result.vector) = Self.faded(m, y, by: noise)

        let v = self.vertical
        let climbs = 15.0 * s
        let (m00, m01) = (v.heightInformation, v.crossInformation - t * v.heightInformation)
        let m11 = v.climbInformation - 2 * t * v.crossInformation + t * t * v.heightInformation
        let (q00, q01, q11) = (climbs * s * s / 3, climbs * t / 2, climbs)
        let (a, b) = (1 + m00 * q00 + m01 * q01, m00 * q01 + m01 * q11)
        let (c, d) = (m01 * q00 + m11 * q01, 1 + m01 * q01 + m11 * q11)
        let f = 1 / (a * d - b * c)
        let (y0, y1) = (v.heightVector, v.climbVector - t * v.heightVector)
        result.vertical.heightInformation = f * (d * m00 - b * m01)
        result.vertical.crossInformation = f * (d * m01 - b * m11)
        result.vertical.climbInformation = f * (a * m11 - c * m01)
        result.vertical.heightVector = f * (d * y0 - b * y1)
        result.vertical.climbVector = f * (a * y1 - c * y0)
        return result
    }

    /// The same with independent errors of this variance added to the place that it tells, m²: what a release that
    /// coarsens leaves of it. The position is left as it is.
    public func diluted(by variance: Double) -> Tracklet {
        var noise = Matrix<4, 4>.zero
        noise[0, 0] = variance
        noise[1, 1] = variance
        var result = self
        (result.information, result.vector) = Self.faded(self.information, self.vector, by: noise)
        return result
    }

    /// The same with another place as the origin of the plane, a few tens of kilometres away at most.
    public func replanted(at place: Geodetic) -> Tracklet {
        guard place.latitude != self.position.latitude || place.longitude != self.position.longitude else {
            var result = self
            result.position.height = place.height
            return result
        }
        let old = LocalFrame(origin: Geodetic(latitude: self.position.latitude, longitude: self.position.longitude))
        let new = LocalFrame(origin: Geodetic(latitude: place.latitude, longitude: place.longitude))
        let turn = old.rotation(to: new)
        let shift = new.displacement(
            of: Geocentric(
                Geodetic(
                    latitude: self.position.latitude, longitude: self.position.longitude, height: self.position.height))
        )
        var rotation = Matrix<4, 4>.zero
        // Only the turn about the vertical, of length 1: the planes are tilted against each other by parts in 10³ at most.
        let length = (turn[0, 0] * turn[0, 0] + turn[1, 0] * turn[1, 0]).squareRoot()
        let (c, s) = (turn[0, 0] / length, turn[1, 0] / length)
        for i in [0, 2] {
            rotation[i, i] = c
            rotation[i, i + 1] = -s
            rotation[i + 1, i] = s
            rotation[i + 1, i + 1] = c
        }
        var offset = Vector<4>.zero
        offset[0] = shift.east
        offset[1] = shift.north
        var result = self
        result.position = place
        result.information = (rotation * self.information * rotation.transposed).symmetrised
        result.vector = rotation * self.vector + result.information * offset
        return result
    }

    /// Information and vector when independent noise is added to what they tell: (I + M Q)⁻¹ M and (I + M Q)⁻¹ y.
    private static func faded(
        _ m: Matrix<4, 4>, _ y: Vector<4>, by q: Matrix<4, 4>
    ) -> (Matrix<4, 4>, Vector<4>) {
        let a = Matrix<4, 4>.identity + m * q
        var rows = Matrix<4, 5>.zero
        for i in 0..<4 {
            for j in 0..<4 { rows[i, j] = m[i, j] }
            rows[i, 4] = y[i]
        }
        let solved = Self.solved(a, rows)
        var (information, vector) = (Matrix<4, 4>.zero, Vector<4>.zero)
        for i in 0..<4 {
            for j in 0..<4 { information[i, j] = solved[i, j] }
            vector[i] = solved[i, 4]
        }
        return (information.symmetrised, vector)
    }

    /// A⁻¹ B by Gaussian elimination with partial pivoting, of a matrix that is not symmetric but has an inverse.
    private static func solved(_ a: Matrix<4, 4>, _ b: Matrix<4, 5>) -> Matrix<4, 5> {
        var (a, b) = (a, b)
        for column in 0..<4 {
            var pivot = column
            for row in column + 1..<4 where abs(a[row, column]) > abs(a[pivot, column]) { pivot = row }
            if pivot != column {
                for j in 0..<4 { (a[column, j], a[pivot, j]) = (a[pivot, j], a[column, j]) }
                for j in 0..<5 { (b[column, j], b[pivot, j]) = (b[pivot, j], b[column, j]) }
            }
            let f = 1 / a[column, column]
            for row in 0..<4 where row != column {
                let factor = f * a[row, column]
                guard factor != 0 else { continue }
                for j in column..<4 { a[row, j] -= factor * a[column, j] }
                for j in 0..<5 { b[row, j] -= factor * b[column, j] }
            }
        }
        for row in 0..<4 { for j in 0..<5 { b[row, j] /= a[row, row] } }
        return b
    }
}
