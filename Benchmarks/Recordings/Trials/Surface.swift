package import Air
import Geodesy

/// Which aircraft the echoes of the surface radar are of, told by where the aircraft say that they are.
package struct EchoLabels: Sendable {
    private var labels: [Plot: ICAOAddress] = [:]

    /// An echo is an aircraft's if that is the only one within this distance, metres: an airliner is 40 m long, and its
    /// antenna need not be in the middle of the echo.
    private static let near = 40.0
    /// Another aircraft within this distance makes it uncertain, metres.
    private static let clear = 80.0

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
            if let nearest, nearest.distance < Self.near, second > Self.clear { self.labels[plot] = nearest.address }
        }
    }

    package var count: Int { self.labels.count }

    package func label(_ plot: Plot) -> ICAOAddress? { self.labels[plot] }
}
