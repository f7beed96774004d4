/// A piece of an IP datagram.
struct Fragment {
    /// What the pieces of one datagram have in common.
    struct Key: Hashable {
        var source: UInt64
        var sourceUpper: UInt64
        var target: UInt64
        var targetUpper: UInt64
        var identification: UInt32
        var isIPv6: Bool

        init(
            source: (upper: UInt64, lower: UInt64), target: (upper: UInt64, lower: UInt64), identification: UInt32,
            isIPv6: Bool
        ) {
            (self.sourceUpper, self.source) = source
            (self.targetUpper, self.target) = target
            self.identification = identification
            self.isIPv6 = isIPv6
        }
    }

    var key: Key
    /// Where its payload is in the recording's bytes.
    var payload: Range<Int>
    /// Where that belongs in the datagram.
    var place: Int
    var hasMore: Bool
}

/// Puts the fragments of IP datagrams together, of so many at once and no more.
///
/// A fragment that was sent twice is passed over; one that overlaps another in part spoils its datagram, as RFC 5722
/// demands for version 6. The oldest unfinished datagram gives way to a new one.
///
/// Sources: RFC 791, 3.2; RFC 8200, 4.5; RFC 5722.
struct Fragments {
    /// Datagrams that may be unfinished at one time; each has at most 64 KiB.
    static let unfinishedMax = 32
    /// Pieces that a datagram may have: links carry pieces of 500 bytes and more, so that 132 are enough for the longest.
    static let piecesMax = 1024

    /// A datagram of which pieces are there.
    struct Unfinished {
        var key: Fragment.Key
        /// Where its first piece was found in the recording.
        var offset: Int
        /// How many bytes of it came.
        var count = 0
        fileprivate var total: Int?
        /// The pieces behind one another as they came, and where each belongs.
        fileprivate var bytes: [UInt8] = []
        fileprivate var pieces: [Range<Int>] = []

        /// The pieces in their places; they must fill it.
        fileprivate var whole: [UInt8] {
            var whole = [UInt8](repeating: 0, count: self.count)
            var start = 0
            for piece in self.pieces {
                for i in 0..<piece.count { whole[piece.lowerBound + i] = self.bytes[start + i] }
                start += piece.count
            }
            return whole
        }
    }

    private(set) var unfinished: [Unfinished] = []

    enum Answer {
        case waiting
        /// All bytes behind the IP header, and the recording's offset of the first piece.
        case whole([UInt8], offset: Int)
        /// This datagram is given up.
        case lost(Unfinished)
    }

    /// Takes a piece.
    ///
    /// - Parameter offset: of its payload in the recording.
    /// - Returns: what becomes of its datagram, and another that had to give way.
    mutating func add(_ fragment: Fragment, _ recording: Span<UInt8>, offset: Int) -> (Answer, Unfinished?) {
        var gaveWay: Unfinished?
        let index: Int
        if let known = self.unfinished.firstIndex(where: { $0.key == fragment.key }) {
            index = known
        } else {
            if self.unfinished.count == Self.unfinishedMax { gaveWay = self.unfinished.removeFirst() }
            self.unfinished.append(Unfinished(key: fragment.key, offset: offset))
            index = self.unfinished.count - 1
        }
        let range = fragment.place..<fragment.place + fragment.payload.count
        if self.unfinished[index].pieces.contains(range) { return (.waiting, gaveWay) }
        // Taken out, so that it grows in place.
        var datagram = Unfinished(key: fragment.key, offset: offset)
        swap(&datagram, &self.unfinished[index])
        let isEnd = !fragment.hasMore
        let isBad =
            range.isEmpty || range.upperBound > 65_535 || datagram.pieces.count == Self.piecesMax
            || datagram.pieces.contains { $0.overlaps(range) }
            || (isEnd && datagram.total != nil) || (datagram.total.map { range.upperBound > $0 } ?? false)
            || (isEnd && datagram.pieces.contains { $0.upperBound > range.upperBound })
        datagram.count += range.count
        if isBad {
            self.unfinished.remove(at: index)
            return (.lost(datagram), gaveWay)
        }
        if isEnd { datagram.total = range.upperBound }
        datagram.pieces.append(range)
        for i in fragment.payload { datagram.bytes.append(recording[i]) }
        guard datagram.count == datagram.total else {
            swap(&datagram, &self.unfinished[index])
            return (.waiting, gaveWay)
        }
        self.unfinished.remove(at: index)
        return (.whole(datagram.whole, offset: datagram.offset), gaveWay)
    }

    /// Gives up what is unfinished: the recording is at its end.
    mutating func giveUp() -> [Unfinished] {
        defer { self.unfinished = [] }
        return self.unfinished
    }
}
