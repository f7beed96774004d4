public import Air
public import Geodesy
import Glibc

/// An exercise that makes its own sky: seeded air traffic, and what sensors report of it.
///
/// The same configuration gives the same reports and the same truth, in whatever steps it is asked.
///
/// - Complexity: work goes with the number of detections; a second of 300 aircraft takes some tenths of a
///   millisecond.
public struct Scenario: Sendable {
    /// What an exercise is made from.
    public struct Configuration: Sendable {
        public var seed: UInt64
        /// How many of the built-in traffic around Japan and Korea are in the air, at any time; up to a million.
        public var aircraftCount: Int
        /// Other flights.
        public var groups: [TrafficGroup] = []
        public var weather: [WeatherCell] = []
        public var name = "Japan and Korea"
        /// The middle of the area; half the length of its sides, metres.
        public var centre = Geodetic(latitudeDegrees: 36, longitudeDegrees: 134.5)
        public var halfWidth = 1_300_000.0
        /// The instant at which it begins.
        public var start: Timestamp
        public var wind: Wind?
        public var sites: [Site]
        /// Seconds between two position reports of an aircraft by ADS-B at one receiver.
        public var broadcastPeriod: Double
        /// The probability that a receiver gets a broadcast in its coverage.
        public var broadcastProbability: Double

        public init(
            seed: UInt64 = 1, aircraftCount: Int = 300, start: Timestamp, wind: Wind? = .westerly,
            sites: [Site] = Site.all, broadcastPeriod: Double = 1, broadcastProbability: Double = 0.95
        ) {
            precondition(broadcastPeriod >= 0.1, "an aircraft broadcasts its position at most ten times a second")
            self.seed = seed
            self.aircraftCount = aircraftCount
            self.start = start
            self.wind = wind
            self.sites = sites
            self.broadcastPeriod = broadcastPeriod
            self.broadcastProbability = broadcastProbability
        }
    }

    public let configuration: Configuration
    private(set) var traffic: Traffic
    private var lookouts: [Lookout]
    private var outbox = Outbox()
    /// Seconds that have been worked through: all that happens before is in the outbox or was handed out.
    private var tick = 0

    /// The sensors, as a node may know them.
    public var sensors: [Sensor] { self.configuration.sites.map(\.sensor) }

    /// How many aircraft there are: of those that follow one another, as many as are in the air at once.
    public var aircraftCount: Int { self.traffic.slots.count }

    /// Begins an exercise; aircraft are already on their ways.
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        self.traffic = Traffic(configuration)
        self.lookouts = configuration.sites.map { Lookout($0, configuration: configuration) }
    }

    /// Adds all reports that are received before an instant and were not handed out yet, in order.
    ///
    /// A report is received when it was measured, unless its sensor is late; the order is that of receipt.
    public mutating func next(until instant: Timestamp, into reports: inout [SensorReport]) {
        self.forEach(until: instant) { reports.append($0.report) }
    }

    /// Hands out all reports before an instant, one after the other.
    mutating func forEach(until instant: Timestamp, _ body: (Outbox.Item) throws -> Void) rethrows {
        let until = instant.seconds(since: self.configuration.start)
        while Double(self.tick) < until {
            self.work()
            try self.outbox.take(before: min(until, Double(self.tick)), body)
        }
        try self.outbox.take(before: until, body)
    }

    /// The truth at an instant: every aircraft in the air.
    ///
    /// An instant after what was handed out is foretold on a copy; for an earlier one the traffic is flown again from
    /// the beginning.
    public func truth(at instant: Timestamp) -> [AircraftState] {
        let time = max(instant.seconds(since: self.configuration.start), 0)
        var traffic = self.traffic
        if time < traffic.time {
            traffic = Traffic(self.configuration)
        }
        var tick = traffic.time + 1
        while tick <= time {
            traffic.advance(to: tick)
            tick += 1
        }
        return traffic.states(at: time)
    }

    /// Works through one second.
    private mutating func work() {
        let now = Double(self.tick)
        self.traffic.advance(to: now)
        let isRollCall = self.tick % Lookout.rollCallPeriod == 0
        let places: [Geocentric] =
            isRollCall
            ? self.traffic.slots.indices.map { Geocentric(self.traffic.motion($0, at: now).position) } : []
        for index in self.lookouts.indices {
            if isRollCall { self.lookouts[index].rollCall(self.traffic, places: places) }
            self.lookouts[index].work(until: now + 1, traffic: &self.traffic, into: &self.outbox)
        }
        self.tick += 1
    }
}
