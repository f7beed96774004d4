internal import Crypto

/// Thirty-two octets of SHA-256: a leaf, a node, a root, a commitment.
///
/// Lies flat, four words long: a million of them take 32 MB, and copying one allocates nothing.
public struct LedgerHash: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    // The octets in order, as they lie in memory.
    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// Octets of a hash.
    public static var byteCount: Int { 32 }

    /// Thirty-two octets of zero.
    public static var zero: Self { Self(words: (0, 0, 0, 0)) }

    private init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// A hash by its octets; nil unless there are 32.
    public init?(_ octets: some Collection<UInt8>) {
        guard octets.count == Self.byteCount else { return nil }
        var words = InlineArray<4, UInt64>(repeating: 0)
        var place = 0
        for octet in octets {
            words[place >> 3] = words[place >> 3] << 8 | UInt64(octet)
            place += 1
        }
        self.words = (
            UInt64(bigEndian: words[0]), UInt64(bigEndian: words[1]), UInt64(bigEndian: words[2]),
            UInt64(bigEndian: words[3])
        )
    }

    /// The SHA-256 hash of `octets`.
    public init(hashing octets: Span<UInt8>) {
        var hasher = SHA256()
        hasher.update(octets)
        self.init(hasher)
    }

    /// The SHA-256 hash of hashes side by side.
    public init(hashing hashes: Span<LedgerHash>) {
        var hasher = SHA256()
        // Safe: the values hold no padding and no reference, and the pointer does not leave the call.
        unsafe hashes.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
        self.init(hasher)
    }

    init(_ hasher: consuming SHA256) {
        let digest = hasher.finalize()
        // Safe: a SHA-256 digest is 32 octets long, and any 32 octets are a hash.
        self = unsafe digest.withUnsafeBytes { unsafe $0.loadUnaligned(as: Self.self) }
    }

    /// The octets, in order.
    public var octets: [UInt8] {
        // Safe: the value holds no padding and no reference.
        unsafe withUnsafeBytes(of: self) { unsafe Array($0) }
    }

    /// Sixty-four hexadecimal digits, lower case.
    public var description: String { hexadecimal(self.octets) }

    public static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.words.0 == rhs.words.0 && lhs.words.1 == rhs.words.1 && lhs.words.2 == rhs.words.2
            && lhs.words.3 == rhs.words.3
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.words.0)
        hasher.combine(self.words.1)
    }
}

extension SHA256 {
    mutating func update(_ octets: Span<UInt8>) {
        // Safe: the pointer does not leave the call.
        unsafe octets.withUnsafeBytes { unsafe self.update(bufferPointer: $0) }
    }

    mutating func update(_ hash: LedgerHash) {
        // Safe: the value holds no padding and no reference, and the pointer does not leave the call.
        unsafe withUnsafeBytes(of: hash) { unsafe self.update(bufferPointer: $0) }
    }

    mutating func update(_ octet: UInt8) {
        // Safe: the pointer does not leave the call.
        unsafe withUnsafeBytes(of: octet) { unsafe self.update(bufferPointer: $0) }
    }
}

func hexadecimal(_ octets: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for octet in octets {
        text.append(digits[Int(octet >> 4)])
        text.append(digits[Int(octet & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
