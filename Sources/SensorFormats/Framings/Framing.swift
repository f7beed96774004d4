/// One frame of a recording that puts something of its own around the blocks.
struct Frame: Equatable {
    /// The blocks.
    var payload: Range<Int>
    /// Where the next frame begins.
    var next: Int
    /// Seconds since midnight by the recorder's clock.
    var secondsOfDay: Double?
    /// Error, line and day of a FINAL frame.
    var mark: UInt32 = 0
}

/// Frames that recorders and lines put around ASTERIX.
///
///     FINAL  | length 16, the whole frame | error 8 | line 8 | day 8 | time of day 24, 10 ms | blocks | A5 A5 A5 A5 |
///     IOSS   | length 16 | number 32 | as FINAL from here … |
///     ORADIS | length 16, the whole frame | time of day 32, ms | blocks |
///     GPS    2,200 octets, then | block | 6 octets | time of day 24, 1/128 s | 1 octet |
///     HDLC   | address 01 | control 03 | blocks | check sequence 16 |, flags (7E) before and behind where they are kept
///     RFF    begin and end as text, 20 octets each, 88 octets, then | time 32, ms | length 16, low octet first | blocks |
///
/// Sources of the facts: CroatiaControlLtd/asterix 790bca7 (ORADIS, GPS, HDLC) and hpuhr/jASTERIX eda4758,
/// definitions/framings (FINAL, IOSS, RFF); recordings for the units of the times; ISO/IEC 13239.
enum Framing {
    /// Octets before the first frame.
    static func header(_ format: RecordingFormat) -> Int {
        switch format {
        case .gps: 2200
        case .rff: 128
        default: 0
        }
    }

    /// No frame is longer: lengths are of 16 bits.
    static let frameMax = 65_535 + 16
    /// No frame of HDLC is: lines of radars have short ones, and without a limit chance finds a check sequence.
    static let lineFrameMax = 4096

    /// The frame that begins at `at`; nil if none does that is whole.
    static func frame(_ format: RecordingFormat, _ bytes: Span<UInt8>, at: Int) -> Frame? {
        switch format {
        case .final: self.final(bytes, at: at, number: 0)
        case .iossSequence: self.final(bytes, at: at, number: 4)
        case .oradis: self.oradis(bytes, at: at, to: bytes.count)
        case .gps: self.gps(bytes, at: at)
        case .hdlc: self.hdlc(bytes, at: at)
        case .rff: self.rff(bytes, at: at)
        default: nil
        }
    }

    /// The first frame from `start` on, looked for behind damage; `limit` if there is none before it.
    ///
    /// Frames that have neither a mark nor a check sequence must hold a block that records fill.
    ///
    /// - Parameter looked: is counted up by the bytes that were looked at.
    static func search(
        _ format: RecordingFormat, _ bytes: Span<UInt8>, from start: Int, to limit: Int, looked: inout Int,
        lookedMax: Int
    ) -> Int {
        for at in start..<max(start, limit) {
            guard looked < lookedMax else { break }
            looked += 1
            if format == .hdlc, bytes[at] == 1 { looked += min(self.lineFrameMax, bytes.count - at) }
            guard let frame = self.frame(format, bytes, at: at) else { continue }
            guard format == .oradis || format == .gps || format == .rff else { return at }
            let (isWhole, cost) = AsterixLayouts.isWholeBlock(
                bytes, at: frame.payload.lowerBound, to: frame.payload.upperBound)
            looked += frame.payload.count / 3 + cost
            if isWhole { return at }
        }
        return limit
    }

    /// Whether frames stand at the beginning: one that is followed by another, or by the end.
    static func begins(_ format: RecordingFormat, _ bytes: Span<UInt8>) -> Bool {
        var at = self.header(format)
        for _ in 0..<2 {
            guard let frame = self.frame(format, bytes, at: at), AsterixLayouts.knows(bytes[frame.payload.lowerBound])
            else { return false }
            at = frame.next
            if at == bytes.count { break }
        }
        // Frames with neither a mark nor a check sum are believed if records fill their blocks.
        guard format == .gps || format == .rff else { return true }
        guard let frame = self.frame(format, bytes, at: self.header(format)) else { return false }
        return AsterixLayouts.isWholeBlock(bytes, at: frame.payload.lowerBound, to: frame.payload.upperBound).0
    }

    private static func final(_ bytes: Span<UInt8>, at: Int, number: Int) -> Frame? {
        let header = 8 + number
        guard at + header + 4 <= bytes.count else { return nil }
        let next = at + Int(bigEndian16(bytes, at))
        guard next >= at + header + 4, next <= bytes.count, bigEndian32(bytes, next - 4) == 0xA5A5_A5A5 else {
            return nil
        }
        return Frame(
            payload: at + header..<next - 4, next: next,
            secondsOfDay: Double(bigEndian24(bytes, at + 5 + number)) / 100, mark: bigEndian24(bytes, at + 2 + number))
    }

    /// One frame of ORADIS, in a file or in a datagram that ends at `end`.
    static func oradis(_ bytes: Span<UInt8>, at: Int, to end: Int) -> Frame? {
        guard at + 9 <= end else { return nil }
        let next = at + Int(bigEndian16(bytes, at))
        let milliseconds = bigEndian32(bytes, at + 2)
        guard next >= at + 9, next <= end, milliseconds < 86_400_000, BlockChain.fills(bytes, at + 6..<next) else {
            return nil
        }
        return Frame(payload: at + 6..<next, next: next, secondsOfDay: Double(milliseconds) / 1000)
    }

    /// Whether frames of ORADIS fill a datagram.
    static func isOradis(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var at = range.lowerBound
        while let frame = self.oradis(bytes, at: at, to: range.upperBound) {
            at = frame.next
            if at == range.upperBound { return true }
        }
        return false
    }

    private static func gps(_ bytes: Span<UInt8>, at: Int) -> Frame? {
        guard at + 4 <= bytes.count, AsterixLayouts.knows(bytes[at]) else { return nil }
        let length = Int(bigEndian16(bytes, at + 1))
        let end = at + length
        guard length > 3, end + 10 <= bytes.count else { return nil }
        let time = Double(bigEndian24(bytes, end + 6)) / 128
        guard time < 86_400 else { return nil }
        return Frame(payload: at..<end, next: end + 10, secondsOfDay: time)
    }

    private static func hdlc(_ bytes: Span<UInt8>, at: Int) -> Frame? {
        var start = at
        while start < bytes.count, start < at + 64, bytes[start] == 0x7E { start += 1 }
        guard start + 8 <= bytes.count, bytes[start] == 1, bytes[start + 1] == 3 else { return nil }
        // No length is told: the frame ends behind the block where the check sequence is right.
        var sequence = CheckSequence()
        sequence.take(bytes, start..<start + 2)
        var end = start + 2
        while end + 5 <= bytes.count, end - start <= self.lineFrameMax {
            let length = Int(bigEndian16(bytes, end + 1))
            guard bytes[end] != 0, length > 3, length <= self.lineFrameMax, end + length + 2 <= bytes.count else {
                return nil
            }
            sequence.take(bytes, end..<end + length)
            end += length
            guard sequence.ends(bytes, at: end) else { continue }
            var next = end + 2
            while next < bytes.count, next < end + 64, bytes[next] == 0x7E { next += 1 }
            return Frame(payload: start + 2..<end, next: next)
        }
        return nil
    }

    private static func rff(_ bytes: Span<UInt8>, at: Int) -> Frame? {
        guard at + 9 <= bytes.count else { return nil }
        let next = at + 6 + Int(bigEndian16(bytes, at + 4).byteSwapped)
        guard next > at + 9, next <= bytes.count, BlockChain.fills(bytes, at + 6..<next) else { return nil }
        return Frame(payload: at + 6..<next, next: next)
    }
}

/// The check sequence of 16 bits: x¹⁶ + x¹² + x⁵ + 1, low bit first, its complement sent low octet first.
///
/// Source: ISO/IEC 13239, 4.2.5.2.
struct CheckSequence {
    private static let table: [UInt16] = (0..<256).map { octet in
        var value = UInt16(octet)
        for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x8408 }
        return value
    }

    private var register: UInt16 = 0xFFFF

    mutating func take(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        let table = Self.table
        var register = self.register
        for at in range { register = register >> 8 ^ table[Int(UInt8(truncatingIfNeeded: register) ^ bytes[at])] }
        self.register = register
    }

    /// The two octets to send.
    var octets: (UInt8, UInt8) {
        let sent = ~self.register
        return (UInt8(truncatingIfNeeded: sent), UInt8(truncatingIfNeeded: sent >> 8))
    }

    /// Whether they stand at `at`.
    func ends(_ bytes: Span<UInt8>, at: Int) -> Bool { (bytes[at], bytes[at + 1]) == self.octets }
}
