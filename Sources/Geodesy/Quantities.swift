/// A distance. Stored in metres.
@frozen public struct Length: Hashable, Comparable, Sendable {
    /// The distance in metres.
    public let metres: Double

    @inlinable init(metres: Double) { self.metres = metres }

    /// A distance of `value` metres.
    @inlinable public static func metres(_ value: Double) -> Length { Length(metres: value) }
    /// A distance of `value` nautical miles; one is exactly 1852 m.
    @inlinable public static func nauticalMiles(_ value: Double) -> Length { Length(metres: value * 1852) }
    /// A distance of `value` feet; one is exactly 0.3048 m.
    @inlinable public static func feet(_ value: Double) -> Length { Length(metres: value * 0.3048) }
    /// A pressure altitude given as a flight level; one is 100 ft.
    @inlinable public static func flightLevel(_ value: Double) -> Length { Length(metres: value * 30.48) }

    /// The distance in nautical miles.
    @inlinable public var nauticalMiles: Double { self.metres / 1852 }
    /// The distance in feet.
    @inlinable public var feet: Double { self.metres / 0.3048 }
    /// The altitude as a flight level, hundreds of feet.
    @inlinable public var flightLevel: Double { self.metres / 30.48 }

    @inlinable public static func < (lhs: Length, rhs: Length) -> Bool { lhs.metres < rhs.metres }
}

/// An angle. Stored in radians.
@frozen public struct Angle: Hashable, Sendable {
    /// The angle in radians.
    public let radians: Double

    @inlinable init(radians: Double) { self.radians = radians }

    /// An angle of `value` radians.
    @inlinable public static func radians(_ value: Double) -> Angle { Angle(radians: value) }
    /// An angle of `value` degrees.
    @inlinable public static func degrees(_ value: Double) -> Angle { Angle(radians: value * .pi / 180) }

    /// The angle in degrees.
    @inlinable public var degrees: Double { self.radians * 180 / .pi }
    /// The same direction within (−π, π].
    @inlinable public var wrapped: Angle { Angle(radians: wrappedAngle(self.radians)) }
}

/// A speed. Stored in metres per second.
@frozen public struct Speed: Hashable, Comparable, Sendable {
    /// The speed in metres per second.
    public let metresPerSecond: Double

    @inlinable init(metresPerSecond: Double) { self.metresPerSecond = metresPerSecond }

    /// A speed of `value` metres per second.
    @inlinable public static func metresPerSecond(_ value: Double) -> Speed { Speed(metresPerSecond: value) }
    /// A speed of `value` knots; one is exactly 1852 m an hour.
    @inlinable public static func knots(_ value: Double) -> Speed { Speed(metresPerSecond: value * 1852 / 3600) }
    /// A rate of `value` feet a minute.
    @inlinable public static func feetPerMinute(_ value: Double) -> Speed {
        Speed(metresPerSecond: value * 0.3048 / 60)
    }

    /// The speed in knots.
    @inlinable public var knots: Double { self.metresPerSecond * 3600 / 1852 }
    /// The speed in feet a minute.
    @inlinable public var feetPerMinute: Double { self.metresPerSecond * 60 / 0.3048 }

    @inlinable public static func < (lhs: Speed, rhs: Speed) -> Bool { lhs.metresPerSecond < rhs.metresPerSecond }
}

/// The angle `radians` brought into (−π, π]; NaN and infinities stay as they are.
@inlinable public func wrappedAngle(_ radians: Double) -> Double {
    if radians > -.pi, radians <= .pi { return radians }
    let turns = (radians / (2 * .pi)).rounded(.toNearestOrAwayFromZero)
    let wrapped = radians - turns * 2 * .pi
    return wrapped <= -.pi ? wrapped + 2 * .pi : wrapped
}
