/// Which tracks are near a place: a spatial hash of cubes in Earth-centred space.
///
/// Cubes and not cells of latitude and longitude: no pole, no date line, no trigonometric function; the surface of the
/// Earth meets at most eight of the cubes around a place. Each cube heads a linked list through the tracks' slots.
struct TrackGrid: Sendable {
    /// Edge of a cube, metres.
    static let edge = 32_768.0

    private var heads = FlatTable(minimumCapacity: 256)
    private var cells: [UInt64] = []
    private var nexts: [Int32] = []
    private var befores: [Int32] = []

    /// The cube of a place: 21 bits of each axis.
    @inline(__always) static func cell(_ x: Int, _ y: Int, _ z: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: x & 0x1F_FFFF) << 42 | UInt64(truncatingIfNeeded: y & 0x1F_FFFF) << 21
            | UInt64(truncatingIfNeeded: z & 0x1F_FFFF)
    }

    /// The number of a cube along one axis; the tracker's places are finite and within a few Earth radii.
    @inline(__always) static func index(_ coordinate: Double) -> Int { Int((coordinate / Self.edge).rounded(.down)) }

    /// Puts a slot where its track is.
    @inline(__always) mutating func move(_ slot: Int, to place: SIMD3<Double>) {
        let cell = Self.cell(Self.index(place.x), Self.index(place.y), Self.index(place.z))
        while self.cells.count <= slot {
            self.cells.append(FlatTable.empty)
            self.nexts.append(-1)
            self.befores.append(-1)
        }
        guard self.cells[slot] != cell else { return }
        self.remove(slot)
        let head = self.heads.value(cell)
        self.cells[slot] = cell
        self.nexts[slot] = head
        self.befores[slot] = -1
        if head >= 0 { self.befores[Int(head)] = Int32(slot) }
        self.heads.set(cell, Int32(slot))
    }

    /// Takes a slot out, if it is in.
    mutating func remove(_ slot: Int) {
        guard slot < self.cells.count else { return }
        let cell = self.cells[slot]
        guard cell != FlatTable.empty else { return }
        let next = self.nexts[slot], before = self.befores[slot]
        if next >= 0 { self.befores[Int(next)] = before }
        if before >= 0 {
            self.nexts[Int(before)] = next
        } else if next >= 0 {
            self.heads.set(cell, next)
        } else {
            self.heads.remove(cell)
        }
        self.cells[slot] = FlatTable.empty
    }

    /// Calls `body` with every slot in the cubes that a ball meets.
    @inline(__always) func forEach(near place: SIMD3<Double>, radius: Double, _ body: (Int) -> Void) {
        let low = place - radius, high = place + radius
        for x in Self.index(low.x)...Self.index(high.x) {
            for y in Self.index(low.y)...Self.index(high.y) {
                for z in Self.index(low.z)...Self.index(high.z) {
                    var slot = self.heads.value(Self.cell(x, y, z))
                    while slot >= 0 {
                        body(Int(slot))
                        slot = self.nexts[Int(slot)]
                    }
                }
            }
        }
    }
}
