import Air

/// What sensors have sent and nobody has taken yet.
struct Outbox: Sendable {
    /// A report on its way, and the aircraft behind it.
    struct Item: Sendable {
        /// When it is received, seconds since the exercise began.
        var time: Double
        /// When it was measured in truth.
        var measured: Double
        /// Orders what has the same time.
        var sequence: UInt64
        var report: SensorReport
        /// The serial number of the aircraft; nil for a false plot and for what is no plot.
        var origin: UInt32?
    }

    private var items: [Item] = []
    /// How many of `items` were taken already.
    private var taken = 0
    private var isSorted = true
    private var sequence: UInt64 = 0

    /// Adds a report that is received at a time.
    ///
    /// - Parameter measured: its time in truth, if that is another.
    mutating func send(
        _ time: Double, _ report: SensorReport, of origin: UInt32? = nil, at measured: Double? = nil
    ) {
        self.items.append(
            Item(time: time, measured: measured ?? time, sequence: self.sequence, report: report, origin: origin))
        self.sequence += 1
        self.isSorted = false
    }

    /// Takes out all before a time, in the order of their times.
    mutating func take(before time: Double, _ body: (Item) throws -> Void) rethrows {
        if !self.isSorted {
            self.items.removeFirst(self.taken)
            self.taken = 0
            self.items.sort { ($0.time, $0.sequence) < ($1.time, $1.sequence) }
            self.isSorted = true
        }
        while self.taken < self.items.count, self.items[self.taken].time < time {
            self.taken += 1
            try body(self.items[self.taken - 1])
        }
    }
}
