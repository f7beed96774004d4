import Air

/// Aircraft that did the same within a minute: a jump, or a place where jumps ended.
struct Crowd: Sendable {
    var mean = SIMD3<Float>.zero
    var startedAt = Int64.min
    var count: UInt16 = 0

    /// Whether `value` is of this crowd at a time.
    @inline(__always) func takes(_ value: SIMD3<Float>, within tolerance: Float, at now: Int64) -> Bool {
        self.isFresh(at: now) && length(value - self.mean) <= tolerance
    }

    func isFresh(at now: Int64) -> Bool {
        self.count > 0 && now &- self.startedAt < Limits.together && now >= self.startedAt
    }
}

/// One cell of the map.
struct Area: Sendable {
    var cell: Int32 = -1
    var heardAt = Int64.min
    /// Distinct aircraft in this minute and the one before.
    var window: Int32 = -1
    var population: UInt16 = 0
    var populationBefore: UInt16 = 0
    /// Jumps that are alike by their vector, and by the place where they end.
    var jumps = InlineArray<4, Crowd>(repeating: Crowd())
    var ends = InlineArray<4, Crowd>(repeating: Crowd())
    var freezes = Crowd()
    var losses = Crowd()
    var shiftedAt = Int64.min
    var shiftedUntil = Int64.min
    var frozenUntil = Int64.min
    var lostUntil = Int64.min

    var aircraftCount: Int { Int(max(self.population, self.populationBefore)) }

    func isCommon(_ count: UInt16) -> Bool {
        Int(count) >= Limits.aircraftTogether && Double(count) >= Limits.share * Double(self.aircraftCount)
    }

    /// Adds to the crowd that it is like, or begins one in place of the oldest.
    ///
    /// - Returns: the size of its crowd.
    static func join(
        _ crowds: inout InlineArray<4, Crowd>, _ value: SIMD3<Float>, within tolerance: Float, at now: Int64
    ) -> UInt16 {
        var oldest = 0
        for i in 0..<4 {
            if crowds[i].takes(value, within: tolerance, at: now) {
                crowds[i].count += 1
                crowds[i].mean += (value - crowds[i].mean) / Float(crowds[i].count)
                return crowds[i].count
            }
            if crowds[i].startedAt < crowds[oldest].startedAt { oldest = i }
        }
        crowds[oldest] = Crowd(mean: value, startedAt: now, count: 1)
        return 1
    }

    /// Adds to a crowd of one kind.
    static func join(_ crowd: inout Crowd, at now: Int64) -> UInt16 {
        if !crowd.isFresh(at: now) { crowd = Crowd(startedAt: now, count: 0) }
        if crowd.count < .max { crowd.count += 1 }
        return crowd.count
    }
}

/// What aircraft do together, by cells of the map: a table of fixed size.
///
/// Disturbed navigation hits all that fly within sight of the transmitter; what one aircraft does alone is its own fault.
struct AreaTable: Sendable {
    /// Height of a cell, degrees; its width is made the same distance.
    static let degrees = 1.5

    private var areas: [Area]

    init(capacity: Int) {
        var size = 64
        while size < capacity { size *= 2 }
        self.areas = Array(repeating: Area(), count: size)
    }

    /// Columns of a row of cells.
    @inline(__always) private static func columns(_ row: Int32) -> Double {
        let (_, cosine) = sineCosine(((Double(row) + 0.5) * self.degrees - 90) * (.pi / 180))
        return max((360 / self.degrees * cosine).rounded(.down), 1)
    }

    /// The cell of a place, radians.
    @inline(__always) static func cell(latitude: Double, longitude: Double) -> Int32 {
        let row = min(max((latitude * (180 / .pi) + 90) / self.degrees, 0), 119)
        var turn = longitude / (2 * .pi) + 0.5
        turn -= turn.rounded(.down)
        return Int32(row) << 16 | Int32(turn * self.columns(Int32(row)))
    }

    /// The index of a cell; −1 if there is no room.
    private mutating func index(of cell: Int32, at now: Int64) -> Int {
        let mask = self.areas.count - 1
        let home = Int((UInt32(bitPattern: cell) &* 0x9E37_79B1) >> 12)
        var free = -1
        for step in 0..<8 {
            let at = (home + step) & mask
            if self.areas[at].cell == cell { return at }
            let isOld = self.areas[at].cell < 0 || Double(now &- self.areas[at].heardAt) > 600e9
            if isOld, free < 0 { free = at }
        }
        if free >= 0 {
            self.areas[free] = Area()
            self.areas[free].cell = cell
        }
        return free
    }

    /// What the area says of a broadcast, after its aircraft was judged by itself.
    ///
    /// - Parameter isRepeated: whether the same was heard before; a recording sent again shifts no navigation, though all
    ///   that fly along an airway jump back alike.
    mutating func doubts(_ s: Sighting, _ aircraft: inout Aircraft, isRepeated: Bool, now: Int64) -> Doubts {
        let at = self.index(of: s.cell, at: now)
        guard at >= 0 else { return [] }
        let window = Int32(truncatingIfNeeded: now / Limits.together)
        if self.areas[at].window != window {
            let isNext = self.areas[at].window &+ 1 == window
            self.areas[at].populationBefore = isNext ? self.areas[at].population : 0
            self.areas[at].population = 0
            self.areas[at].window = window
        }
        self.areas[at].heardAt = now
        if aircraft.countedIn != window || aircraft.cell != s.cell {
            aircraft.countedIn = window
            aircraft.cell = s.cell
            if self.areas[at].population < .max { self.areas[at].population += 1 }
        }
        var doubts: Doubts = []
        if isRepeated { aircraft.countedJumpAt = aircraft.jumpedAt }
        self.noteJump(s, aircraft: &aircraft, at, now: now)
        if now < aircraft.shiftedUntil { doubts.insert(.commonShift) }
        if aircraft.frozeAt != .min, aircraft.frozeAt != aircraft.countedFreezeAt {
            aircraft.countedFreezeAt = aircraft.frozeAt
            let count = Area.join(&self.areas[at].freezes, at: now)
            if self.areas[at].isCommon(count) { self.areas[at].frozenUntil = now &+ Limits.areaHold }
        }
        if now < self.areas[at].frozenUntil, aircraft.frozeAt != .min, now &- aircraft.frozeAt < Limits.together {
            aircraft.frozenUntil = now &+ Limits.together / 2
        }
        if now < aircraft.frozenUntil { doubts.insert(.commonFreeze) }
        self.noteLoss(s, aircraft: &aircraft, at, now: now)
        if aircraft.lostAt != .min, now < self.areas[at].lostUntil { doubts.insert(.integrityLoss) }
        return doubts
    }

    private mutating func noteJump(_ s: Sighting, aircraft: inout Aircraft, _ at: Int, now: Int64) {
        if aircraft.jumpedAt != .min, aircraft.jumpedAt != aircraft.countedJumpAt {
            // One aircraft is counted once: what jumps to and fro makes no crowd.
            let isFirst =
                aircraft.countedJumpAt == .min || aircraft.jumpedAt &- aircraft.countedJumpAt > Limits.together
            aircraft.countedJumpAt = aircraft.jumpedAt
            if isFirst {
                let far = length(aircraft.jump)
                let alike = Area.join(
                    &self.areas[at].jumps, aircraft.jump,
                    within: Float(Limits.sameJump.share) * far + Float(Limits.sameJump.metres), at: now)
                let met = Area.join(
                    &self.areas[at].ends, SIMD3<Float>(s.ground), within: 2 * Float(Limits.sameJump.metres), at: now)
                if Int(max(alike, met)) >= Limits.aircraftTogether {
                    if now >= self.areas[at].shiftedUntil { self.areas[at].shiftedAt = now }
                    self.areas[at].shiftedUntil = now &+ Limits.areaHold
                }
            }
        }
        guard now < self.areas[at].shiftedUntil, aircraft.shiftedUntil < self.areas[at].shiftedUntil else { return }
        // It jumped when the others did, or was first heard after that.
        let since = self.areas[at].shiftedAt &- Limits.together
        if aircraft.jumpedAt >= since || aircraft.bornAt >= self.areas[at].shiftedAt {
            aircraft.shiftedUntil = self.areas[at].shiftedUntil
        }
    }

    private mutating func noteLoss(_ s: Sighting, aircraft: inout Aircraft, _ at: Int, now: Int64) {
        if s.statedDeviation <= Limits.goodDeviation {
            aircraft.goodAt = now
            aircraft.lostAt = .min
        } else if s.statedDeviation >= Limits.lostDeviation, aircraft.lostAt == .min, aircraft.goodAt != .min,
            now &- aircraft.goodAt < 2 * Limits.together
        {
            aircraft.lostAt = now
            let isFirst =
                aircraft.countedLossAt == .min || now &- aircraft.countedLossAt > Limits.together
            aircraft.countedLossAt = now
            let count = isFirst ? Area.join(&self.areas[at].losses, at: now) : 0
            if self.areas[at].isCommon(count) { self.areas[at].lostUntil = now &+ Limits.areaHold }
        }
    }

    func doubtful(at now: Int64) -> [DoubtfulArea] {
        var result: [DoubtfulArea] = []
        for area in self.areas where area.cell >= 0 {
            var doubts: Doubts = []
            if now < area.shiftedUntil { doubts.insert(.commonShift) }
            if now < area.frozenUntil { doubts.insert(.commonFreeze) }
            if now < area.lostUntil { doubts.insert(.integrityLoss) }
            guard !doubts.isEmpty else { continue }
            let row = Double(area.cell >> 16), column = Double(area.cell & 0xFFFF)
            let width = 360 / Self.columns(area.cell >> 16)
            result.append(
                DoubtfulArea(
                    doubts: doubts, southDegrees: row * Self.degrees - 90,
                    northDegrees: (row + 1) * Self.degrees - 90, westDegrees: column * width - 180,
                    eastDegrees: (column + 1) * width - 180, aircraftCount: area.aircraftCount))
        }
        return result
    }
}
