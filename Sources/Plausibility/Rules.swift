import Air
import Geodesy

/// The rules that need nothing but the plot.
enum Rules {
    static func doubtsAlone(of plot: Plot) -> Doubts {
        var doubts: Doubts = []
        if let address = plot.identity.address, self.isReserved(address.rawValue) { doubts.insert(.reservedAddress) }
        if let pressure = plot.pressureAltitude, let height = plot.geometricHeight,
            !(abs(height - pressure) <= Limits.atmosphere.metres + Limits.atmosphere.share * max(pressure, 0))
        {
            doubts.insert(.altitudeMismatch)
        }
        var speed = 0.0
        if let velocity = plot.velocity {
            speed = (velocity.north * velocity.north + velocity.east * velocity.east).squareRoot()
            if !(speed <= Limits.speed + 5 * self.bounded(velocity.deviation, 100)) {
                doubts.insert(.impossibleMotion)
            }
        }
        if plot.isOnGround, speed > Limits.groundSpeed || plot.pressureAltitude ?? 0 > Limits.groundAltitude {
            doubts.insert(.groundInFlight)
        }
        return doubts
    }

    /// Whether an address is given to no aircraft.
    ///
    /// All zeros and all ones; and the blocks 1011, 1101 and 1111 which no State holds, but for ICAO's own, from which it
    /// lends: F00000...F07FFF and F09000...F093FF.
    ///
    /// Source: ICAO Annex 10, vol. III, part I, appendix to chapter 9, table 9-1.
    static func isReserved(_ address: UInt32) -> Bool {
        switch address >> 20 {
        case 0x0: address == 0
        case 0xB, 0xD: true
        case 0xF: address > 0xF0_7FFF && !(0xF0_9000...0xF0_93FF).contains(address)
        default: false
        }
    }

    /// The height that a plot reports, metres; nil where it reports none or one beyond reason.
    static func height(of plot: Plot) -> Double? {
        if let height = plot.pressureAltitude, height > -2_000, height < 60_000 { return height }
        if let height = plot.geometricHeight, height > -2_000, height < 2_000_000 { return height }
        return nil
    }

    /// A stated error as far as it is believed; one that is no number is the largest.
    @inline(__always) static func bounded(_ deviation: Double, _ largest: Double) -> Double {
        deviation >= 0 && deviation <= largest ? deviation : largest
    }
}
