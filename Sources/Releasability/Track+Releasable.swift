public import Air
internal import Geodesy
internal import Glibc

extension Track: Releasable {
    public static var goodsKind: GoodsKind { .tracks }

    /// Where and when. A height that is worse than 300 m (one standard deviation) is taken as not known.
    public var spot: Spot {
        var position = self.position
        // Written so that what is not a number is not known.
        if !(self.heightVariance >= 0 && self.heightVariance <= 300 * 300) { position.height = .nan }
        return Spot(position: position, measuredAt: self.measuredAt)
    }

    /// The track as an audience may see it.
    ///
    /// The place is put into the middle of its cell: no noise that averages away, no corner that leans to one side. Its
    /// accuracy is then that of the cell, its velocity one of steps that cross a cell in ten minutes, its times are whole
    /// seconds at the finest, and its sensors are left out: the time of a turning radar's look tells the bearing.
    /// Times that are coarsened take the place back along the velocity to the stamp that is shown.
    public func redacted(_ redactions: Redactions, numbered number: TrackID) -> Track? {
        var track = self
        track.id = number
        track.labels = []
        guard !redactions.isEmpty else { return track }
        let isFinite =
            self.position.height.isFinite && self.velocity.east.isFinite && self.velocity.north.isFinite
            && self.velocity.up.isFinite
        guard isFinite else { return nil }
        let hasGrid = redactions.positionGrid > 0
        track.coarsenTimes(by: Int64(max(redactions.timeGrid, hasGrid ? 1000 : 0)) * 1_000_000)
        if hasGrid { track.coarsenPlace(by: Double(redactions.positionGrid)) }
        if hasGrid || redactions.parts.contains(.sensors) { track.hideSensors() }
        if redactions.parts.contains(.identities) {
            track.address = nil
            track.mode3A = nil
            track.callsign = nil
        }
        if redactions.parts.contains(.height) { track.hideHeight() }
        return track
    }

    private mutating func coarsenTimes(by step: Int64) {
        guard step > 0 else { return }
        let stated = Self.floor(self.measuredAt, step)
        let back = self.measuredAt.seconds(since: stated)
        self.position = self.position.moved(
            distance: self.groundSpeed * back, azimuth: atan2(-self.velocity.east, -self.velocity.north))
        self.position.height -= self.velocity.up * back
        self.measuredAt = stated
        self.receivedAt = Self.floor(self.receivedAt, step)
        self.bornAt = Self.floor(self.bornAt, step)
        self.pressureAltitude = Self.floor(self.pressureAltitude, step)
        self.geometricHeight = Self.floor(self.geometricHeight, step)
        self.address = Self.floor(self.address, step)
        self.mode3A = Self.floor(self.mode3A, step)
        self.callsign = Self.floor(self.callsign, step)
        for i in 0..<min(Int(self.contributionCount), Self.contributionsMax) {
            self.contributions[i].measuredAt = Self.floor(self.contributions[i].measuredAt, step)
        }
        // The log keeps seconds.
        let doubts = self.doubts
        self.doubtLog = DoubtLog()
        self.doubtLog.note(doubts, at: self.receivedAt)
    }

    private static func floor(_ time: Timestamp, _ step: Int64) -> Timestamp {
        let rest = time.nanoseconds % step
        return Timestamp(nanoseconds: time.nanoseconds &- (rest < 0 ? rest &+ step : rest))
    }

    private static func floor<Value>(_ aged: Aged<Value>?, _ step: Int64) -> Aged<Value>? {
        aged.map { Aged($0.value, at: self.floor($0.measuredAt, step)) }
    }

    private mutating func coarsenPlace(by side: Double) {
        let cell = Cell(side: side, latitude: self.position.latitude, longitude: self.position.longitude)
        self.position.latitude = cell.latitude
        self.position.longitude = cell.longitude
        let step = side / 600
        self.velocity.east = (self.velocity.east / step).rounded() * step
        self.velocity.north = (self.velocity.north / step).rounded() * step
        let place = Self.deviation(max(self.covariance[0, 0], self.covariance[1, 1]), step: side)
        let motion = Self.deviation(max(self.covariance[2, 2], self.covariance[3, 3]), step: step)
        self.covariance = .zero
        for i in 0..<2 {
            self.covariance[i, i] = place * place
            self.covariance[i + 2, i + 2] = motion * motion
        }
    }

    /// The deviation of what is spread evenly over a step, or over as many as hold the true one.
    private static func deviation(_ variance: Double, step: Double) -> Double {
        let steps = ((max(variance, 0) * 12).squareRoot() / step).rounded(.up)
        return step / 12.0.squareRoot() * (steps.isFinite ? max(steps, 1) : 1e6)
    }

    private mutating func hideSensors() {
        self.contributions = InlineArray(
            repeating: Contribution(sensor: SensorID(rawValue: 0), measuredAt: Timestamp(nanoseconds: 0)))
        self.contributionCount = 0
        self.plotCount = 0
        self.lastKind = .systemTrack
    }

    private mutating func hideHeight() {
        self.position.height = 0
        self.heightVariance = 1e8
        self.velocity.up = 0
        self.climbVariance = 1e4
        self.pressureAltitude = nil
        self.geometricHeight = nil
    }
}

/// The middle of the cell that holds a place: rows of equal height, each cut into columns no narrower than they are high.
struct Cell: Hashable, Sendable {
    /// Radians.
    var latitude: Double
    var longitude: Double

    /// - Parameter side: metres, on a sphere of 6,371 km.
    init(side: Double, latitude: Double, longitude: Double) {
        let rows = max((.pi * 6_371_008.8 / side).rounded(.down), 1)
        let height = .pi / rows
        let row = min(max(((latitude + .pi / 2) / height).rounded(.down), 0), rows - 1)
        self.latitude = (row + 0.5) * height - .pi / 2
        let columns = max((2 * .pi * cos(self.latitude) * 6_371_008.8 / side).rounded(.down), 1)
        var turn = longitude / (2 * .pi) + 0.5
        turn -= turn.rounded(.down)
        let column = min((turn * columns).rounded(.down), columns - 1)
        self.longitude = (column + 0.5) / columns * 2 * .pi - .pi
    }
}
