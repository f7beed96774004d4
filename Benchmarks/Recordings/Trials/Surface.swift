package import Air
import Geodesy

/// Which aircraft the echoes of the surface radar are of, told by where the aircraft say that they are.
///
/// Only those that move: about a parked one stand vehicles, and its own echo falls into pieces.
package struct EchoLabels: Sendable {
    private var labels: [Plot: ICAOAddress] = [:]

    /// An echo is an aircraft's if that is the only one within this distance, metres: an airliner is 40 m long, and its
    /// antenna need not be in the middle of the echo.
    private static let near = 40.0
    /// Another aircraft within this distance makes it uncertain, metres.
    private static let clear = 80.0
    /// What moves moves as fast, metres per second.
    private static let speedMin = 3.0

    package init(_ reports: [SensorReport], truth: Truth, of sensor: Sensor) {
        let sites = [sensor.id: LocalFrame(origin: sensor.site)]
        let addresses = truth.addresses
        for case .plot(let plot) in reports where plot.sensor == sensor.id {
            guard let place = Withheld.place(plot, sites) else { continue }
            var nearest: (address: ICAOAddress, distance: Double)?
            var second = Double.infinity
            for address in addresses {
                guard let other = truth.place(of: address, at: plot.measuredAt) else { continue }
                let distance = other.distance(to: place)
                if distance < nearest?.distance ?? .infinity {
                    second = nearest?.distance ?? .infinity
                    nearest = (address, distance)
                } else {
                    second = min(second, distance)
                }
            }
            if let nearest, nearest.distance < Self.near, second > Self.clear,
                let speed = truth.speed(of: nearest.address, at: plot.measuredAt), speed >= Self.speedMin
            {
                self.labels[plot] = nearest.address
            }
        }
    }

    package var count: Int { self.labels.count }

    /// In which share of the seconds in which an aircraft has an echo it has two or more, 0...1: the radar's own doing.
    package var doubledShare: Double {
        struct Look: Hashable {
            var address: ICAOAddress
            var second: Int64
        }
        var echoes: [Look: Set<UInt16>] = [:]
        for (plot, address) in self.labels {
            let look = Look(address: address, second: plot.measuredAt.nanoseconds / 1_000_000_000)
            echoes[look, default: []].insert(plot.sensorTrackNumber ?? 0)
        }
        return echoes.isEmpty ? 0 : Double(echoes.values.filter { $0.count > 1 }.count) / Double(echoes.count)
    }

    package func label(_ plot: Plot) -> ICAOAddress? { self.labels[plot] }
}
