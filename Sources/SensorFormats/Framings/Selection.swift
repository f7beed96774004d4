/// Which messages of a recording are written: those with a position in an area, so many and no more.
struct Selection: Sendable {
    private let area: AsterixFilter.Area?
    /// How many more are wanted.
    private(set) var remaining: Int
    /// How many were taken.
    private(set) var count = 0

    init(area: AsterixFilter.Area?, countMax: Int) {
        self.area = area
        self.remaining = max(0, countMax)
    }

    /// Whether nothing more is wanted.
    var isDone: Bool { self.remaining == 0 }
    /// Whether it lets all through, wherever they are.
    var hasArea: Bool { self.area != nil }

    /// Whether a message is wanted, which counts it; latitude and longitude in radians, nil if it says none.
    @inline(__always) mutating func takes(latitude: Double?, longitude: Double?) -> Bool {
        guard self.remaining > 0 else { return false }
        if let area {
            guard let latitude, let longitude, area.contains(latitude: latitude, longitude: longitude) else {
                return false
            }
        }
        self.remaining -= 1
        self.count += 1
        return true
    }
}
