public import Air

/// Why a nation's folder, or what a partner handed over, is refused.
public enum IdentityError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Somebody but its owner may read or write the file or folder: its mode, and the mode it must have.
    case open(path: String, mode: UInt32, needed: UInt32)
    /// The file or folder is another user's.
    case foreign(path: String, owner: UInt32)
    /// A link, a device, or a file where a folder must be.
    case notPlain(path: String)
    /// The file or folder is not there.
    case missing(path: String)
    /// It is there already, and nothing is ever written over.
    case exists(path: String)
    /// The folder was not made to its end.
    case incomplete(path: String)
    /// The system refused.
    case system(path: String, reason: String)
    /// The file is not what it must be; the line is counted from 1, and 0 where it has none.
    case malformed(path: String, line: Int, reason: String)
    /// An argument is none.
    case argument(String)
    /// The authority's private key is not here.
    case noAuthorityKey(path: String)
    /// The authority does not live as long as what it is to sign.
    case authorityExpires(Timestamp)
    /// The cryptographic library failed.
    case cryptography(String)
    /// An introduction is refused.
    case introduction(IntroductionRefusal)
    /// A revocation list is refused.
    case revocations(RevocationRefusal)
    /// Nobody of this nation is a partner.
    case noPartner(Nation)

    public var description: String {
        switch self {
        case .open(let path, let mode, let needed):
            "\(path) is open to others than its owner (mode \(Self.octal(mode))); run: chmod \(Self.octal(needed)) \(path)"
        case .foreign(let path, let owner):
            "\(path) belongs to user \(owner), not to the one who runs this; run as that user, or: chown $(id -u) \(path)"
        case .notPlain(let path): "\(path) is a link or no plain file; put the file or folder itself there"
        case .missing(let path): "\(path) is not there"
        case .exists(let path): "\(path) is there already; nothing is written over. Move it away, or take another name"
        case .incomplete(let path):
            "\(path) was not made to its end; delete it, and run kumiko nation init again"
        case .system(let path, let reason): "\(path): \(reason)"
        case .malformed(let path, 0, let reason): "\(path): \(reason)"
        case .malformed(let path, let line, let reason): "\(path), line \(line): \(reason)"
        case .argument(let reason): reason
        case .noAuthorityKey(let path):
            "\(path) is not there: the authority's key is kept elsewhere; name it with --ca-key"
        case .authorityExpires(let time): "the authority's certificate ends at \(time), before what it is to sign"
        case .cryptography(let reason): "the cryptographic library failed: \(reason)"
        case .introduction(let refusal): "the introduction is refused: \(refusal)"
        case .revocations(let refusal): "the revocation list is refused: \(refusal)"
        case .noPartner(let nation): "\(nation) is no partner; kumiko partner list shows who is"
        }
    }

    private static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}

/// Why an introduction is refused.
public enum IntroductionRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// More octets than an introduction may have.
    case tooLong(octets: Int)
    /// Not UTF-8, a control character, or a last line that is not ended.
    case notText
    /// The line, counted from 1, is not what stands there.
    case badLine(Int, String)
    /// The certificate is none of a national authority.
    case authority(String)
    /// The authority has not signed this text.
    case wrongSignature
    /// Its revocation list does not hold.
    case revocations(RevocationRefusal)
    /// It is one's own.
    case ownNation(Nation)
    /// It is of another world than this folder.
    case otherRealm(Realm)
    /// The nation is known under another authority.
    case otherAuthority(Nation, held: Fingerprint, offered: Fingerprint)
    /// The fingerprint is not the one that was heard.
    case otherFingerprint(Fingerprint)
    /// A later one is held.
    case rolledBack(held: UInt64, offered: UInt64)
    /// Another one of the same number is held: its author signed two.
    case twoOfOneNumber(UInt64)
    /// The authority was revoked here.
    case revoked(Nation)

    public var description: String {
        switch self {
        case .tooLong(let octets): "\(octets) octets, at most \(Introduction.octetsMax)"
        case .notText: "not UTF-8, or with control characters, or its last line is not ended"
        case .badLine(let line, let reason): "line \(line): \(reason)"
        case .authority(let reason): "its certificate is none of a national authority: \(reason)"
        case .wrongSignature: "the authority in it has not signed it"
        case .revocations(let refusal): "its revocation list: \(refusal)"
        case .ownNation(let nation): "\(nation) is this folder's own nation"
        case .otherRealm(let realm): "it is of the realm \(realm), and this folder is not"
        case .otherAuthority(let nation, let held, let offered):
            "\(nation) is known under the authority \(held), and this is \(offered). If the partner has told you by another "
                + "way that it has a new one: kumiko partner remove \(nation), then add"
        // What it is in truth is not said: it would only be typed in the place of what was heard.
        case .otherFingerprint:
            "its fingerprint is not the one that you gave: do not use this file, and ask the partner by voice again"
        case .rolledBack(let held, let offered): "its number is \(offered), and number \(held) is known already"
        case .twoOfOneNumber(let number): "another one with the number \(number) is known: the partner has signed two"
        case .revoked(let nation): "this authority of \(nation) was revoked here; see the file partners/denied"
        }
    }
}

/// Why a revocation list is refused.
public enum RevocationRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// More octets than a list may have.
    case tooLong(octets: Int)
    /// The octets are no revocation list of RFC 5280.
    case malformed
    /// It has a critical extension that is not known.
    case unknownExtension
    /// It is another authority's.
    case otherIssuer
    /// The authority has not signed it.
    case wrongSignature
    /// It is of the future.
    case notYet(Timestamp)
    /// A newer one was due.
    case stale(Timestamp)
    /// A later one is held.
    case rolledBack(held: UInt64, offered: UInt64)
    /// Another one of the same number is held: its author signed two.
    case twoOfOneNumber(UInt64)

    public var description: String {
        switch self {
        case .tooLong(let octets): "\(octets) octets, at most \(RevocationList.octetsMax)"
        case .malformed: "no revocation list as RFC 5280 has it"
        case .unknownExtension: "it has a critical extension that is not known"
        case .otherIssuer: "it is another authority's"
        case .wrongSignature: "the authority has not signed it"
        case .notYet(let time): "it is of \(time), which is yet to come; compare the clocks"
        case .stale(let time): "a newer one was due at \(time); ask the partner for it"
        case .rolledBack(let held, let offered): "its number is \(offered), and number \(held) is known already"
        case .twoOfOneNumber(let number): "another one with the number \(number) is known: the partner has signed two"
        }
    }
}
