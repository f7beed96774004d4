import Glibc

/// Cuts text that arrives in pieces into lines, of which it keeps at most the unfinished one.
struct LineReader: Sendable {
    /// Where a line stands in the stream.
    struct Place: Hashable, Sendable {
        /// From 1.
        var line = 1
        /// Bytes from the start to the line's first byte.
        var offset = 0
    }

    /// Bytes of the longest line; of a longer one the rest is skipped.
    let lengthMax: Int
    private var rest: [UInt8] = []
    private var isSkipping = false
    private var place = Place()

    init(lengthMax: Int) {
        self.lengthMax = lengthMax
        self.rest.reserveCapacity(lengthMax)
    }

    /// Bytes of the unfinished line.
    var pendingBytes: Int { self.rest.count }

    /// Hands over each line that the piece completes, without its end; a longer one is told to `tooLong`.
    ///
    /// - Complexity: O(bytes), no allocation.
    mutating func read(_ bytes: Span<UInt8>, tooLong: (Place) -> Void, _ body: (Span<UInt8>, Place) -> Void) {
        var start = 0
        while start < bytes.count {
            guard let end = Self.lineEnd(bytes, from: start) else {
                self.keep(bytes.extracting(start..<bytes.count), tooLong)
                return
            }
            if self.rest.isEmpty, !self.isSkipping, end - start <= self.lengthMax {
                body(bytes.extracting(start..<end), self.place)
                self.place.offset += end - start + 1
            } else {
                self.keep(bytes.extracting(start..<end), tooLong)
                self.place.offset += 1 + self.rest.count
                if !self.isSkipping {
                    let line = self.rest.span
                    body(line, Place(line: self.place.line, offset: self.place.offset - 1 - line.count))
                }
                self.rest.removeAll(keepingCapacity: true)
                self.isSkipping = false
            }
            self.place.line += 1
            start = end + 1
        }
    }

    /// Hands over a last line without an end.
    mutating func finish(_ body: (Span<UInt8>, Place) -> Void) {
        if !self.rest.isEmpty {
            body(self.rest.span, self.place)
            self.place.offset += self.rest.count
        }
        self.rest.removeAll(keepingCapacity: true)
        self.isSkipping = false
    }

    private mutating func keep(_ piece: Span<UInt8>, _ tooLong: (Place) -> Void) {
        if self.isSkipping {
            self.place.offset += piece.count
        } else if self.rest.count + piece.count > self.lengthMax {
            tooLong(self.place)
            self.isSkipping = true
            self.place.offset += self.rest.count + piece.count
            self.rest.removeAll(keepingCapacity: true)
        } else {
            for i in piece.indices { self.rest.append(piece[i]) }
        }
    }

    /// The offset of the next line feed.
    private static func lineEnd(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        // memchr compares 32 bytes at once; it looks only at the bytes of the buffer.
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress, let found = unsafe memchr(base + start, 0x0A, buffer.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }
}
