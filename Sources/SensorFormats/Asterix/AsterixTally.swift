public import Air

/// What a decoder has seen, counted: every byte is accepted, skipped or trailer.
public struct AsterixTally: Sendable, Equatable {
    /// Blocks of known categories that were begun.
    public internal(set) var blocks = 0
    /// Records decoded, by category.
    public internal(set) var records = [Int](repeating: 0, count: 256)
    /// Blocks of categories without a layout, by category.
    public internal(set) var unknownCategories = [Int](repeating: 0, count: 256)
    /// Problems by `AsterixFault.rawValue`.
    public internal(set) var faults = [Int](repeating: 0, count: AsterixFault.allCases.count)
    /// Bytes of blocks that were decoded, their headers among them.
    public internal(set) var acceptedBytes = 0
    /// Bytes passed over because of a problem.
    public internal(set) var skippedBytes = 0
    /// Bytes behind the last block of a datagram that are no block: some recorders and networks append them.
    public internal(set) var trailerBytes = 0

    /// Plots, sector crossings and reports of state made by the plot view.
    public internal(set) var plots = 0
    public internal(set) var sectors = 0
    public internal(set) var statuses = 0
    /// Reports of simulated or test targets and of fixed test transponders, of which no plot is made.
    public internal(set) var testTargets = 0
    /// Reports without a place, or of a look in vain.
    public internal(set) var withoutPosition = 0
    /// Last reports of a system track (I062/080 TSE), of which no plot is made.
    public internal(set) var trackEnds = 0
    /// Records of category 021 that came before it was clear by which edition they must be read.
    public internal(set) var undecidedEdition = 0

    public init() {}

    /// Records of all categories.
    public var recordCount: Int { self.records.reduce(0, +) }
    /// Problems of all kinds.
    public var problemCount: Int { self.faults.reduce(0, +) }

    /// How often a fault occurred.
    public func count(of fault: AsterixFault) -> Int { self.faults[Int(fault.rawValue)] }

    mutating func note(_ problem: AsterixProblem) {
        self.faults[Int(problem.fault.rawValue)] += 1
        self.skippedBytes += problem.length
        if problem.fault == .unknownCategory { self.unknownCategories[Int(problem.category)] += 1 }
    }
}

/// Which edition is read where: the newest of each category, unless another is named.
///
/// Category 021 is read by edition 0.23 or the newest of the 2.x, as the blocks of each sensor demand, unless named.
public struct AsterixEditions: Sendable {
    private var byCategory: [UInt8: AsterixEdition] = [:]
    private var bySensor: [UInt32: AsterixEdition] = [:]

    /// The newest of each category.
    public init() {}

    /// Names the edition for a category, or for one sensor's records of it.
    ///
    /// - Returns: false if there is no table of that edition; then nothing is changed.
    @discardableResult public mutating func use(_ edition: AsterixEdition, for sensor: SensorID? = nil) -> Bool {
        guard AsterixLayouts.all[edition] != nil else { return false }
        if let sensor {
            self.bySensor[UInt32(edition.category) << 16 | UInt32(sensor.rawValue)] = edition
        } else {
            self.byCategory[edition.category] = edition
        }
        return true
    }

    /// All editions for which there is a table, in order.
    public static var known: [AsterixEdition] { AsterixLayouts.all.keys.sorted() }

    var namesSensors: Bool { !self.bySensor.isEmpty }

    func edition(of category: UInt8) -> AsterixEdition? { self.byCategory[category] }

    func edition(of category: UInt8, sensor: SensorID) -> AsterixEdition? {
        self.bySensor[UInt32(category) << 16 | UInt32(sensor.rawValue)]
    }
}
