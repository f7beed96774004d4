public import Geodesy

/// A shower that primary radars take for aircraft: a disk that moves, with false plots anywhere in it.
public struct WeatherCell: Hashable, Sendable {
    /// The middle at the beginning of the exercise; its height is that of the top.
    public var centre: Geodetic
    /// Metres.
    public var radius: Double
    /// Over ground, metres per second.
    public var speed: Double
    /// Where it moves to, radians from true north.
    public var towards: Double
    /// Plots expected of one radar in one turn, if the whole cell is in its coverage.
    public var plotsPerScan: Double
    /// Seconds since the exercise began.
    public var time: Range<Double>

    public init(
        centre: Geodetic, radius: Double, speed: Double = 0, towards: Double = 0, plotsPerScan: Double,
        time: Range<Double> = 0..<Double.infinity
    ) {
        self.centre = centre
        self.radius = radius
        self.speed = speed
        self.towards = towards
        self.plotsPerScan = plotsPerScan
        self.time = time
    }

    /// The middle at a time, at sea level.
    func middle(at time: Double) -> Geodetic {
        var place = self.centre.moved(distance: self.speed * time, azimuth: self.towards)
        place.height = 0
        return place
    }

    /// A place within the cell, all of it alike likely.
    func place(around middle: Geodetic, _ random: inout SplitMix64) -> Geodetic {
        var place = middle.moved(
            distance: self.radius * random.unit().squareRoot(), azimuth: random.uniform(0...(2 * .pi)))
        place.height = self.centre.height * random.unit()
        return place
    }
}
