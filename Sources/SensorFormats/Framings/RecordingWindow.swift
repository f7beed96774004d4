/// The piece of a recording that is in memory: a few megabytes, however long the recording is.
///
/// It asks its source for more as what it holds is used up; a file, a pipe and a socket are all the same to it.
public struct RecordingWindow: Sendable {
    /// As much is held when it is full.
    public static let size = 4 << 20

    /// What is held.
    public private(set) var bytes: [UInt8] = []
    /// Where in the recording that begins.
    public private(set) var base = 0
    /// Whether it reaches to the recording's end.
    public private(set) var isComplete = false

    /// A window at the beginning of a recording; nothing is held yet.
    public init() {}

    /// Asks for bytes until the window is full or the recording is at its end.
    ///
    /// - Parameter source: appends the bytes that come next, as many as it likes; none at the end.
    public mutating func fill(from source: (inout [UInt8]) throws -> Void) rethrows {
        while self.bytes.count < Self.size, !self.isComplete {
            let before = self.bytes.count
            try source(&self.bytes)
            self.isComplete = self.bytes.count == before
        }
    }

    /// Forgets what lies before an offset of the recording.
    ///
    /// - Complexity: O(bytes that are kept).
    public mutating func drop(to offset: Int) {
        let count = min(max(0, offset - self.base), self.bytes.count)
        self.bytes.removeFirst(count)
        self.base += count
    }

    /// Goes through a recording to its end.
    ///
    /// - Parameters:
    ///   - source: as for `fill(from:)`.
    ///   - body: gets what is held, where it begins and whether it reaches to the end; answers with the offset up to
    ///     which it has read, or nil to stop.
    public mutating func forEachPiece(
        from source: (inout [UInt8]) throws -> Void, _ body: (Span<UInt8>, Int, Bool) throws -> Int?
    ) rethrows {
        while true {
            try self.fill(from: source)
            guard let offset = try body(self.bytes.span, self.base, self.isComplete), !self.isComplete else { return }
            self.drop(to: offset)
        }
    }
}
