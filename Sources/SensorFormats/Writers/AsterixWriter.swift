public import Air

/// Writes reports as ASTERIX: categories 034 and 048 (radars) and 021 (ADS-B), several records to a block, blocks of
/// one sensor to a datagram.
///
/// The order of a sensor's reports is kept. What a category has no item for is left out: elevation, and the rate of
/// climb of a radar's plot. A status rides on the sensor's next sector crossing or north marker, because category 034
/// has no message of its own for it.
///
/// - Complexity: no allocation for a record once the buffers have grown.
///
/// Source: EUROCONTROL-SPEC-0149-4 (CAT 048, ed. 1.32), -2b (CAT 034, ed. 1.29), -12 (CAT 021, ed. 2.6).
public struct AsterixWriter: Sendable {
    /// One sensor's datagram as it fills.
    private struct Draft: Sendable {
        var sensor: SensorID
        var bytes: [UInt8] = []
        /// Category of the block that is open.
        var category: UInt8 = 0
        /// Where that block begins in `bytes`.
        var block = 0
        var status: SensorStatus?
    }

    /// The largest datagram, bytes.
    public let datagramMax: Int
    /// Whether records say that they are of simulated targets (SIM in I048/020 and I021/040).
    public let isSimulated: Bool
    /// Reports that no category here can carry: other kinds of plots, ranges of 256 NM and more, no position.
    public private(set) var unwritten = 0
    private var drafts: [Draft] = []
    private var slots: [SensorID: Int] = [:]
    private var record = AsterixRecordBuffer()
    /// Finished datagrams, one behind the other, and which bytes are whose.
    private var finished: [UInt8] = []
    private var datagrams: [(sensor: SensorID, range: Range<Int>)] = []

    public init(datagramMax: Int = 1400, isSimulated: Bool = false) {
        precondition((128...65_507).contains(datagramMax), "a datagram takes at least one record, and is one of UDP")
        self.datagramMax = datagramMax
        self.isSimulated = isSimulated
    }

    /// Adds a report to its sensor's datagram.
    public mutating func append(_ report: SensorReport) {
        let slot = self.slot(report.sensor)
        self.record.clear()
        switch report {
        case .status(let status):
            self.drafts[slot].status = status
        case .sector(let crossing):
            let status = self.drafts[slot].status
            self.drafts[slot].status = nil
            self.record.write034(crossing, status: status)
            self.close(34, slot)
        case .plot(let plot):
            switch plot.kind {
            case .primary, .secondary, .modeS, .combined:
                guard self.record.write048(plot, isSimulated: self.isSimulated) else { break }
                self.close(48, slot)
                return
            case .broadcast:
                guard self.record.write021(plot, isSimulated: self.isSimulated) else { break }
                self.close(21, slot)
                return
            case .multilateration, .systemTrack: break
            }
            self.unwritten += 1
        }
    }

    /// Hands out all datagrams and begins new ones; those of one sensor come in order.
    public mutating func takeDatagrams(_ body: (SensorID, Span<UInt8>) throws -> Void) rethrows {
        for slot in self.drafts.indices { self.finish(slot) }
        defer {
            self.finished.removeAll(keepingCapacity: true)
            self.datagrams.removeAll(keepingCapacity: true)
        }
        for (sensor, range) in self.datagrams { try body(sensor, self.finished.span.extracting(range)) }
    }

    /// Writes one record into a block of its category; for the categories that no report asks for.
    mutating func write(
        _ category: UInt8, of source: SensorID,
        _ body: (_ record: inout AsterixRecordBuffer, _ isSimulated: Bool) -> Void
    ) {
        self.record.clear()
        body(&self.record, self.isSimulated)
        self.close(category, self.slot(source))
    }

    private mutating func slot(_ sensor: SensorID) -> Int {
        if let slot = self.slots[sensor] { return slot }
        self.drafts.append(Draft(sensor: sensor))
        self.slots[sensor] = self.drafts.count - 1
        return self.drafts.count - 1
    }

    /// Puts the record into a block of its category, in a new datagram if it does not fit.
    private mutating func close(_ category: UInt8, _ slot: Int) {
        let size = self.record.byteCount
        let header = self.drafts[slot].category == category ? 0 : 3
        if self.drafts[slot].bytes.count + header + size > self.datagramMax { self.finish(slot) }
        if self.drafts[slot].category != category {
            self.drafts[slot].category = category
            self.drafts[slot].block = self.drafts[slot].bytes.count
            self.drafts[slot].bytes.append(category)
            self.drafts[slot].bytes.append(0)
            self.drafts[slot].bytes.append(0)
        }
        self.record.append(to: &self.drafts[slot].bytes)
        let (block, length) = (
            self.drafts[slot].block, self.drafts[slot].bytes.count - self.drafts[slot].block
        )
        self.drafts[slot].bytes[block + 1] = UInt8(truncatingIfNeeded: length >> 8)
        self.drafts[slot].bytes[block + 2] = UInt8(truncatingIfNeeded: length)
    }

    /// Moves a sensor's datagram to the finished ones.
    private mutating func finish(_ slot: Int) {
        guard !self.drafts[slot].bytes.isEmpty else { return }
        let start = self.finished.count
        self.finished.append(contentsOf: self.drafts[slot].bytes)
        self.datagrams.append((self.drafts[slot].sensor, start..<self.finished.count))
        self.drafts[slot].bytes.removeAll(keepingCapacity: true)
        self.drafts[slot].category = 0
    }
}
