/// Whole numbers to whole numbers, by open addressing in one array: O(1), no allocation but when it grows.
///
/// Not a `Dictionary`: that one hashes with a seed of the process; a table of the tracker must behave alike in every run.
///
/// Source: D. E. Knuth, The Art of Computer Programming 3, 6.4, algorithms L and R.
struct FlatTable: Sendable {
    private var keys: [UInt64]
    private var values: [Int32]
    private var mask: Int
    private(set) var count = 0

    /// The key that marks an empty place and may not be used.
    static let empty = UInt64.max

    init(minimumCapacity: Int = 64) {
        var size = 16
        while size < 2 * minimumCapacity { size *= 2 }
        self.keys = Array(repeating: Self.empty, count: size)
        self.values = Array(repeating: -1, count: size)
        self.mask = size - 1
    }

    /// Multiplicative hashing: the upper half of the product with 2⁶⁴/φ.
    @inline(__always) private func home(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & self.mask
    }

    /// The value of a key, or −1.
    @inline(__always) func value(_ key: UInt64) -> Int32 {
        var i = self.home(key)
        while true {
            let found = self.keys[i]
            if found == key { return self.values[i] }
            if found == Self.empty { return -1 }
            i = (i + 1) & self.mask
        }
    }

    /// Gives a key a value.
    mutating func set(_ key: UInt64, _ value: Int32) {
        precondition(key != Self.empty, "this key is kept for empty places")
        var i = self.home(key)
        while self.keys[i] != Self.empty {
            if self.keys[i] == key {
                self.values[i] = value
                return
            }
            i = (i + 1) & self.mask
        }
        self.keys[i] = key
        self.values[i] = value
        self.count += 1
        if 2 * self.count > self.mask { self.grow() }
    }

    /// Takes a key out, and moves back what stood behind it.
    mutating func remove(_ key: UInt64) {
        var i = self.home(key)
        while self.keys[i] != key {
            if self.keys[i] == Self.empty { return }
            i = (i + 1) & self.mask
        }
        self.count -= 1
        var j = i
        while true {
            j = (j + 1) & self.mask
            if self.keys[j] == Self.empty { break }
            let h = self.home(self.keys[j])
            // Leave what is already between its home and here.
            if (j - h) & self.mask < (j - i) & self.mask { continue }
            self.keys[i] = self.keys[j]
            self.values[i] = self.values[j]
            i = j
        }
        self.keys[i] = Self.empty
    }

    private mutating func grow() {
        var larger = FlatTable(minimumCapacity: self.keys.count)
        for i in self.keys.indices where self.keys[i] != Self.empty { larger.set(self.keys[i], self.values[i]) }
        self = larger
    }
}
