import Glibc

/// Writes JSON text (RFC 8259) into one growing buffer: commas, escapes and exact decimals are its business.
///
///     writer.beginObject()
///     writer.key("RHO")
///     writer.number(mantissa: 7_531_25, decimals: 4)   // 75.3125
///     writer.endObject()
///     writer.endLine()
///
/// The caller pairs begins with ends; nothing is checked, nothing is allocated while the buffer suffices.
@safe public struct JSONWriter: ~Copyable {
    // One owned block of memory: the type is not copyable, so nobody else writes or frees it, and every write goes
    // through `reserve`, which makes room first. Behind its capacity lie the bytes that a cursor may overwrite.
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// How many bytes have been written since the last `removeAll`.
    public private(set) var count = 0
    /// Whether a comma belongs before the next key or value.
    private var needsComma = false

    /// An empty text with room for `capacity` bytes; it grows by doubling.
    public init(capacity: Int = 1 << 16) {
        self.capacity = max(64, capacity)
        unsafe self.base = .allocate(capacity: self.capacity + JSONCursor.slack)
    }

    deinit { unsafe self.base.deallocate() }

    // MARK: Structure

    /// Writes `{`.
    public mutating func beginObject() { self.open(UInt8(ascii: "{")) }

    /// Writes `}`.
    public mutating func endObject() { self.close(UInt8(ascii: "}")) }

    /// Writes `[`.
    public mutating func beginArray() { self.open(UInt8(ascii: "[")) }

    /// Writes `]`.
    public mutating func endArray() { self.close(UInt8(ascii: "]")) }

    /// Ends a line of JSON Lines.
    public mutating func endLine() {
        self.append(UInt8(ascii: "\n"))
        self.needsComma = false
    }

    /// Writes a key that needs no escape, known when the program is compiled.
    public mutating func key(_ name: StaticString) {
        let length = name.utf8CodeUnitCount
        self.reserve(length + 4)
        self.comma()
        unsafe self.base[self.count] = UInt8(ascii: "\"")
        unsafe memcpy(self.base + self.count + 1, name.utf8Start, length)
        unsafe self.base[self.count + 1 + length] = UInt8(ascii: "\"")
        unsafe self.base[self.count + 2 + length] = UInt8(ascii: ":")
        self.count += length + 3
        self.needsComma = false
    }

    /// Writes a key, escaped where needed.
    public mutating func key(_ name: some StringProtocol) {
        self.string(name)
        self.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    /// Writes text that is already JSON: a key with its colon (then `isValue` is false) or a value.
    public mutating func raw(_ text: Span<UInt8>, isValue: Bool) {
        self.reserve(text.count + 1)
        self.comma()
        self.copy(text)
        self.needsComma = isValue
    }

    /// Writes the end of a value that was begun by `raw`: no comma before it.
    public mutating func rest(_ text: Span<UInt8>) {
        self.reserve(text.count)
        self.copy(text)
        self.needsComma = true
    }

    // MARK: Values

    /// Writes `null`.
    public mutating func null() { self.literal("null") }

    /// Writes `true` or `false`.
    public mutating func bool(_ value: Bool) { self.literal(value ? "true" : "false") }

    /// Writes a whole number.
    public mutating func integer(_ value: some BinaryInteger) {
        self.number(mantissa: Int64(clamping: value), decimals: 0)
    }

    /// Writes a whole number of up to 64 bits without a sign.
    public mutating func number(unsigned value: UInt64) {
        guard value > UInt64(Int64.max) else { return self.number(mantissa: Int64(value), decimals: 0) }
        // Twenty digits: the last one by itself.
        self.number(mantissa: Int64(value / 10), decimals: 0)
        self.append(UInt8(ascii: "0") + UInt8(value % 10))
    }

    /// Writes `mantissa` / 10^`decimals` exactly, without trailing zeros: (753125, 4) is `75.3125`, (120, 1) is `12`.
    ///
    /// - Parameter decimals: 0...18; what lies outside is brought to the nearer end.
    public mutating func number(mantissa: Int64, decimals: Int) {
        self.reserve(48)
        self.comma()
        self.needsComma = true
        var magnitude = mantissa.magnitude
        var decimals = max(0, min(18, decimals))
        if mantissa < 0 {
            unsafe self.base[self.count] = UInt8(ascii: "-")
            self.count += 1
        }
        while decimals >= 4, magnitude % 10_000 == 0 {
            magnitude /= 10_000
            decimals -= 4
        }
        while decimals > 0, magnitude % 10 == 0 {
            magnitude /= 10
            decimals -= 1
        }
        // From the last digit to the first, with a point before the last `decimals` digits and a zero before the point.
        let digits = max(Self.digitCount(magnitude), decimals + 1)
        let length = digits + (decimals > 0 ? 1 : 0)
        let end = self.count + length
        if decimals > 0 {
            let fraction = end - decimals
            magnitude = self.digits(magnitude, from: end, to: fraction)
            unsafe self.base[fraction - 1] = UInt8(ascii: ".")
            _ = self.digits(magnitude, from: fraction - 1, to: self.count)
        } else {
            _ = self.digits(magnitude, from: end, to: self.count)
        }
        self.count = end
    }

    /// Writes the last digits of a number backwards into the room between two places; answers with what is left.
    @inline(__always)
    private func digits(_ number: UInt64, from end: Int, to start: Int) -> UInt64 {
        var rest = number
        var at = end
        while at - start >= 2 {
            let pair = UInt8(truncatingIfNeeded: rest % 100)
            rest /= 100
            at -= 2
            unsafe self.base[at] = UInt8(ascii: "0") &+ pair / 10
            unsafe self.base[at + 1] = UInt8(ascii: "0") &+ pair % 10
        }
        if at > start {
            unsafe self.base[at - 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        return rest
    }

    /// How many decimal digits a number has, at least one.
    private static func digitCount(_ number: UInt64) -> Int {
        var rest = number
        var digits = 1
        while rest >= 10_000 {
            rest /= 10_000
            digits += 4
        }
        return digits + (rest >= 1000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
    }

    /// Writes `value` rounded half away from zero to `decimals` places; null if it is not finite or beyond 9.2e18.
    public mutating func number(_ value: Double, decimals: Int) {
        var scale = 1.0
        for _ in 0..<max(0, min(18, decimals)) { scale *= 10 }
        let scaled = (value * scale).rounded(.toNearestOrAwayFromZero)
        guard scaled.isFinite, abs(scaled) < 9.2e18 else { return self.null() }
        self.number(mantissa: Int64(scaled), decimals: decimals)
    }

    /// Writes text in quotes, escaped; bytes that are not UTF-8 cannot occur in a `String`.
    public mutating func string(_ text: some StringProtocol) {
        self.reserve(text.utf8.count * 6 + 3)
        self.comma()
        unsafe self.base[self.count] = UInt8(ascii: "\"")
        self.count += 1
        for byte in text.utf8 { self.escaped(byte) }
        unsafe self.base[self.count] = UInt8(ascii: "\"")
        self.count += 1
        self.needsComma = true
    }

    /// Writes foreign bytes as text in quotes: ASCII as it is, anything else as `\u00XX` (that is, read as Latin-1).
    public mutating func string(latin1 bytes: Span<UInt8>) {
        self.reserve(bytes.count * 6 + 3)
        self.comma()
        unsafe self.base[self.count] = UInt8(ascii: "\"")
        self.count += 1
        for i in bytes.indices {
            let byte = bytes[i]
            if byte < 0x80 { self.escaped(byte) } else { self.unicodeEscape(byte) }
        }
        unsafe self.base[self.count] = UInt8(ascii: "\"")
        self.count += 1
        self.needsComma = true
    }

    /// Writes the lowest `digits` hexadecimal digits of `value` in quotes, lower case.
    public mutating func hex(_ value: UInt64, digits: Int) {
        let digits = max(0, min(16, digits))
        self.reserve(digits + 3)
        self.comma()
        unsafe self.base[self.count] = UInt8(ascii: "\"")
        for i in 0..<digits {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt64(4 * (digits - 1 - i))) & 15
            unsafe self.base[self.count + 1 + i] = Self.hexDigit(nibble)
        }
        unsafe self.base[self.count + 1 + digits] = UInt8(ascii: "\"")
        self.count += digits + 2
        self.needsComma = true
    }

    /// Writes bytes as hexadecimal digits in quotes, lower case.
    public mutating func hex(_ bytes: Span<UInt8>) {
        self.reserve(bytes.count * 2 + 3)
        self.comma()
        unsafe self.base[self.count] = UInt8(ascii: "\"")
        self.count += 1
        for i in bytes.indices {
            unsafe self.base[self.count] = Self.hexDigit(bytes[i] >> 4)
            unsafe self.base[self.count + 1] = Self.hexDigit(bytes[i] & 15)
            self.count += 2
        }
        unsafe self.base[self.count] = UInt8(ascii: "\"")
        self.count += 1
        self.needsComma = true
    }

    /// Writes the lowest `digits` octal digits of `value` in quotes.
    public mutating func octal(_ value: UInt64, digits: Int) {
        let digits = max(0, min(21, digits))
        self.reserve(digits + 3)
        self.comma()
        unsafe self.base[self.count] = UInt8(ascii: "\"")
        for i in 0..<digits {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(3 * (digits - 1 - i))) & 7
            unsafe self.base[self.count + 1 + i] = UInt8(ascii: "0") + digit
        }
        unsafe self.base[self.count + 1 + digits] = UInt8(ascii: "\"")
        self.count += digits + 2
        self.needsComma = true
    }

    // MARK: The text

    /// Lends the text written so far.
    public func withBytes<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        let text = unsafe UnsafeBufferPointer(start: UnsafePointer(self.base), count: self.count)
        return try unsafe body(text.span)
    }

    /// The text written so far, copied.
    public var text: String {
        self.withBytes { bytes in
            unsafe bytes.withUnsafeBufferPointer { buffer in unsafe String(decoding: buffer, as: UTF8.self) }
        }
    }

    /// Forgets the text and keeps the buffer.
    public mutating func removeAll() {
        self.count = 0
        self.needsComma = false
    }

    /// A place in the text to come back to, for a record that proves bad after half of it was written.
    public struct Mark: Sendable {
        fileprivate var count: Int
        fileprivate var needsComma: Bool
    }

    /// The present place.
    public var mark: Mark { Mark(count: self.count, needsComma: self.needsComma) }

    /// Takes back all that was written since `mark`.
    public mutating func rewind(to mark: Mark) {
        guard mark.count <= self.count else { return }
        self.count = mark.count
        self.needsComma = mark.needsComma
    }

    // MARK: A cursor

    /// Lends the place behind the text, with room for `bytes`; the writer must not be used until it is given back.
    @inline(__always) mutating func cursor(room bytes: Int) -> JSONCursor {
        self.reserve(bytes)
        return unsafe JSONCursor(self.base, at: self.count)
    }

    /// Whether there is room for so many bytes behind a cursor.
    @inline(__always) func hasRoom(_ bytes: Int, behind cursor: JSONCursor) -> Bool {
        self.capacity &- cursor.at >= bytes
    }

    /// Takes a cursor back.
    @inline(__always) mutating func resume(_ cursor: JSONCursor, needsComma: Bool) {
        self.count = cursor.at
        self.needsComma = needsComma
    }

    // MARK: Inside

    private mutating func open(_ bracket: UInt8) {
        self.reserve(2)
        self.comma()
        unsafe self.base[self.count] = bracket
        self.count += 1
        self.needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        self.append(bracket)
        self.needsComma = true
    }

    private mutating func literal(_ word: StaticString) {
        self.reserve(word.utf8CodeUnitCount + 1)
        self.comma()
        unsafe memcpy(self.base + self.count, word.utf8Start, word.utf8CodeUnitCount)
        self.count += word.utf8CodeUnitCount
        self.needsComma = true
    }

    /// Room for the comma is part of what the caller reserved.
    private mutating func comma() {
        guard self.needsComma else { return }
        unsafe self.base[self.count] = UInt8(ascii: ",")
        self.count += 1
    }

    private mutating func copy(_ text: Span<UInt8>) {
        unsafe text.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe memcpy(self.base + self.count, start, source.count)
        }
        self.count += text.count
    }

    private mutating func append(_ byte: UInt8) {
        self.reserve(1)
        unsafe self.base[self.count] = byte
        self.count += 1
    }

    /// Six bytes for each escaped one are reserved by the caller.
    private mutating func escaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            unsafe self.base[self.count] = UInt8(ascii: "\\")
            unsafe self.base[self.count + 1] = byte
            self.count += 2
        case 0..<0x20, 0x7F:
            self.unicodeEscape(byte)
        default:
            unsafe self.base[self.count] = byte
            self.count += 1
        }
    }

    private mutating func unicodeEscape(_ byte: UInt8) {
        unsafe memcpy(self.base + self.count, ("\\u00" as StaticString).utf8Start, 4)
        unsafe self.base[self.count + 4] = Self.hexDigit(byte >> 4)
        unsafe self.base[self.count + 5] = Self.hexDigit(byte & 15)
        self.count += 6
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") &+ nibble : UInt8(ascii: "a") &+ (nibble &- 10)
    }

    @inline(__always) private mutating func reserve(_ more: Int) {
        if self.capacity &- self.count < more { self.grow(more) }
    }

    @inline(never) private mutating func grow(_ more: Int) {
        let larger = max(self.capacity * 2, self.count + more)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger + JSONCursor.slack)
        unsafe moved.update(from: self.base, count: self.count)
        unsafe self.base.deallocate()
        unsafe self.base = moved
        self.capacity = larger
    }
}
