import Air

/// For each track, the sensors that may see it, and until when their looks at it are accounted for.
///
/// A short list per track and not a column per sensor: of two hundred sensors of a region, a handful reaches a place.
/// A list is made anew when its track has moved by `slack` or a sensor has changed; until then it holds every radar
/// that reaches the place where it was made, give or take that distance, and the receivers that have seen the track.
/// Lists are chains of blocks of one cache line.
///
/// Complexity: O(sensors of the list); a list is made in O(all sensors), once in some 10 km of flight.
struct LookTable: Sendable {
    /// Five sensors: 64 bytes.
    struct Block: Sendable {
        var until: InlineArray<5, Int64> = InlineArray(repeating: .min)
        /// −1 behind the last.
        var sites: InlineArray<5, Int32> = InlineArray(repeating: -1)
        var next: Int32 = -1
    }

    /// The list of a slot: its first block, and of which sensors and where it was made.
    private struct List: Sendable {
        var place = SIMD3<Float>(repeating: .infinity)
        var head: Int32 = -1
        var version: Int32 = -1
        /// No look in vain can be found before, nanoseconds.
        var due: Int64 = .min
    }

    /// How far a track moves before its list is made anew, metres.
    static let slack: Float = 10_000

    private var lists: [List] = []
    private(set) var blocks: [Block] = []
    private var free: Int32 = -1
    /// Place of each site, metres from the Earth's centre, and the square of how far it is listed.
    private var reaches: [SIMD4<Float>] = []
    private var version: Int32 = 0
    // Scratch.
    private var kept: [Int64] = []
    private var keptSites: [Int32] = []

    /// Notes where a site stands and how far it sees; every list is made anew when its track's turn comes.
    mutating func setSite(_ index: Int, _ site: borrowing Site) {
        while self.reaches.count <= index {
            self.reaches.append(.zero)
            self.kept.append(.min)
        }
        let isPlaced = site.isKnown ? site.kind != .system : false
        let reach = isPlaced ? Float(site.rangeMax) + Self.slack : .infinity
        self.reaches[index] = SIMD4(
            Float(site.centre.x), Float(site.centre.y), Float(site.centre.z), reach * reach)
        self.version &+= 1
    }

    /// The first block of a track's list, or −1.
    @inline(__always) func head(_ slot: Int) -> Int32 { self.lists[slot].head }

    /// When the looks at a track are to be gone through again.
    @inline(__always) func due(_ slot: Int) -> Int64 { self.lists[slot].due }

    @inline(__always) mutating func setDue(_ slot: Int, _ due: Int64) { self.lists[slot].due = due }

    /// Until when the looks of a site at a track are accounted for; `Int64.min` if it is not in the list.
    @inline(__always) func until(_ slot: Int, _ site: Int) -> Int64 {
        var block = self.lists[slot].head
        while block >= 0 {
            for i in 0..<5 where self.blocks[Int(block)].sites[i] == Int32(site) {
                return self.blocks[Int(block)].until[i]
            }
            block = self.blocks[Int(block)].next
        }
        return .min
    }

    /// Sets it, and puts the site into the list if it is not there.
    mutating func set(_ slot: Int, _ site: Int, until: Int64) {
        var block = self.lists[slot].head
        while block >= 0 {
            for i in 0..<5 where self.blocks[Int(block)].sites[i] == Int32(site) {
                self.blocks[Int(block)].until[i] = until
                return
            }
            block = self.blocks[Int(block)].next
        }
        self.push(slot, site, until)
    }

    /// Sets it at a place in the list.
    @inline(__always) mutating func set(block: Int, _ i: Int, until: Int64) { self.blocks[block].until[i] = until }

    /// Empties the list of a slot.
    mutating func clear(_ slot: Int) {
        while self.lists.count <= slot { self.lists.append(List()) }
        var block = self.lists[slot].head
        while block >= 0 {
            let next = self.blocks[Int(block)].next
            self.blocks[Int(block)] = Block()
            self.blocks[Int(block)].next = self.free
            self.free = block
            block = next
        }
        self.lists[slot] = List()
    }

    /// Whether a track has come so far that its list must be made anew.
    @inline(__always) func isStale(_ slot: Int, at place: SIMD3<Double>) -> Bool {
        guard self.lists[slot].version == self.version else { return true }
        let d = SIMD3<Float>(place) - self.lists[slot].place
        return !(d.x * d.x + d.y * d.y + d.z * d.z < Self.slack * Self.slack)
    }

    /// Makes the list of a track anew: what was noted of the sensors in it is kept.
    ///
    /// - Parameter since: looks of radars that come in are counted from here on, give or take a fifth of a turn.
    mutating func renew(_ slot: Int, at place: SIMD3<Double>, since: Timestamp, _ sites: borrowing [Site]) {
        self.keptSites.removeAll(keepingCapacity: true)
        var block = self.lists[slot].head
        while block >= 0 {
            for i in 0..<5 where self.blocks[Int(block)].sites[i] >= 0 {
                let site = self.blocks[Int(block)].sites[i]
                self.kept[Int(site)] = self.blocks[Int(block)].until[i]
                self.keptSites.append(site)
            }
            block = self.blocks[Int(block)].next
        }
        self.clear(slot)
        let here = SIMD3<Float>(place)
        for site in self.reaches.indices {
            let reach = self.reaches[site]
            let (x, y, z) = (reach.x - here.x, reach.y - here.y, reach.z - here.z)
            guard x * x + y * y + z * z < reach.w else { continue }
            let known = self.kept[site]
            if known != .min {
                self.push(slot, site, known)
            } else if sites[site].kind == .radar {
                self.push(slot, site, since.nanoseconds &- Int64(0.2e9 * sites[site].period))
            }
        }
        for site in self.keptSites { self.kept[Int(site)] = .min }
        self.lists[slot].place = here
        self.lists[slot].version = self.version
    }

    private mutating func push(_ slot: Int, _ site: Int, _ until: Int64) {
        self.lists[slot].due = .min
        let head = self.lists[slot].head
        if head >= 0 {
            for i in 0..<5 where self.blocks[Int(head)].sites[i] < 0 {
                self.blocks[Int(head)].sites[i] = Int32(site)
                self.blocks[Int(head)].until[i] = until
                return
            }
        }
        var block = self.free
        if block >= 0 {
            self.free = self.blocks[Int(block)].next
        } else {
            block = Int32(self.blocks.count)
            self.blocks.append(Block())
        }
        self.blocks[Int(block)].sites[0] = Int32(site)
        self.blocks[Int(block)].until[0] = until
        self.blocks[Int(block)].next = head
        self.lists[slot].head = block
    }
}
