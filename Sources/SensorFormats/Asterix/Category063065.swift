import Air

/// Sensor status messages of a system.
///
/// Source: EUROCONTROL-SPEC-0149-10, category 063, edition 1.7.
enum Category063 {
    static let items = ["010", "030", "050", "060"]
    static let source = 0
    static let time = 1
    static let sensor = 2
    static let status = 3
}

/// Service status messages of a system.
///
/// Source: EUROCONTROL-SPEC-0149-15, category 065, edition 1.6.
enum Category065 {
    static let items = ["010", "030", "000", "040"]
    static let source = 0
    static let time = 1
    static let type = 2
    static let status = 3
}

extension PlotSink {
    /// One record of category 063: what a system says of one of its sensors.
    ///
    ///     050  SAC, SIC of the sensor      060  | CON 2 | … |, 0 operational, 1 degraded, 2 starting, 3 not connected
    mutating func category063(
        _ bytes: Span<UInt8>, _ offsets: borrowing AsterixLayout.Offsets, _ tally: inout AsterixTally
    ) {
        typealias Item = Category063
        guard offsets[Item.sensor] != 0, offsets[Item.status] != 0 else { return }
        let connection = bytes[Int(offsets[Item.status])] >> 6
        self.add(
            SensorStatus(
                sensor: self.sensor(bytes, at: offsets[Item.sensor]),
                measuredAt: self.time(bytes, at: offsets[Item.time]), receivedAt: self.receivedAt,
                isOperational: connection <= 1), &tally)
    }

    /// One record of category 065: what a system says of itself.
    ///
    ///     000  1: system status      040  | NOGO 2 | … |, 0 operational, 1 degraded, 2 not connected, 3 unknown
    mutating func category065(
        _ bytes: Span<UInt8>, _ offsets: borrowing AsterixLayout.Offsets, _ tally: inout AsterixTally
    ) {
        typealias Item = Category065
        guard offsets[Item.status] != 0 else { return }
        self.add(
            SensorStatus(
                sensor: self.sensor(bytes, at: offsets[Item.source]),
                measuredAt: self.time(bytes, at: offsets[Item.time]), receivedAt: self.receivedAt,
                isOperational: bytes[Int(offsets[Item.status])] >> 6 <= 1), &tally)
    }
}
