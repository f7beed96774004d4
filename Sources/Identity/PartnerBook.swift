public import Air
public import Ledger

/// A nation that is known: what it handed over, and what has been revoked since.
public struct Partner: Sendable {
    /// What it handed over last.
    public let introduction: Introduction
    /// Its newest revocation list.
    public let revocations: RevocationList
    /// Whether its authority was revoked here: nobody of it is let in.
    public let isRevoked: Bool
    /// Serial numbers of certificates that were revoked here.
    public let deniedSerials: [SerialNumber]
    /// The keys of its nodes, without those that were revoked here; none when the whole nation was.
    public let nodeKeys: [NodeKey]

    /// Whose.
    public var nation: Nation { self.introduction.nation }
}

/// What one nation has ruled out of another, whatever that other says; one line of the file `partners/denied`.
public enum Denial: Hashable, Sendable, CustomStringConvertible {
    /// All that an authority vouches for. A nation that has lost its authority comes back with another.
    case authority(Nation, Fingerprint)
    /// One certificate.
    case certificate(Nation, SerialNumber)
    /// One key of a node, as vkey.
    case key(NoteKey)

    /// Reads a line; nil for any other.
    init?(line: Substring) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        switch (parts.first, parts.count) {
        case ("authority", 3):
            guard let nation = Nation(parts[1]), let fingerprint = Fingerprint(parts[2]) else { return nil }
            self = .authority(nation, fingerprint)
        case ("certificate", 3):
            guard let nation = Nation(parts[1]), let serial = SerialNumber(parts[2]) else { return nil }
            self = .certificate(nation, serial)
        case ("key", 2):
            guard let key = NoteKey(vkey: parts[1]) else { return nil }
            self = .key(key)
        default: return nil
        }
    }

    public var description: String {
        switch self {
        case .authority(let nation, let fingerprint): "authority \(nation) \(fingerprint.digits)"
        case .certificate(let nation, let serial): "certificate \(nation) \(serial)"
        case .key(let key): "key \(key)"
        }
    }
}

/// The partners of a nation, in the folder `partners` of its own: introductions, revocation lists, and what was ruled out here.
public struct PartnerBook: Sendable {
    /// What an introduction changed.
    public enum Outcome: Hashable, Sendable {
        /// The nation was not known.
        case added
        /// The nation was known by an earlier one.
        case updated
        /// It was known to the letter.
        case unchanged
    }

    /// The partners, by nation.
    public private(set) var partners: [Partner]
    /// What was ruled out here.
    public private(set) var denials: [Denial]

    private let nation: Nation
    private let realm: Realm
    private let folder: PrivateFolder

    private static let title = "kumiko denied v1"
    private static let deniedMax = 1 << 20

    init(folder: PrivateFolder, nation: Nation, realm: Realm) throws(IdentityError) {
        self.nation = nation
        self.realm = realm
        self.folder = folder
        self.partners = []
        self.denials = []
        try self.open()
    }

    private mutating func open() throws(IdentityError) {
        var book = self
        try self.folder.locked { () throws(IdentityError) in try book.load() }
        self = book
    }

    /// The partner of a nation.
    public subscript(nation: Nation) -> Partner? { self.partners.first { $0.nation == nation } }

    /// The keys of all partners' nodes: whom to believe what.
    public var keyRing: KeyRing { KeyRing(self.partners.flatMap(\.nodeKeys)) }

    /// Takes what a partner handed over.
    ///
    /// A first introduction is believed on the caller's word, so people must have compared `fingerprint`; a later one of the
    /// same authority needs nobody.
    ///
    /// - Throws: `IdentityError.introduction`.
    public mutating func add(
        _ octets: [UInt8], fingerprint: Fingerprint? = nil, at time: Timestamp
    ) throws(IdentityError) -> Outcome {
        let introduction: Introduction
        do throws(IntroductionRefusal) { introduction = try Introduction(parsing: octets) } catch {
            throw .introduction(error)
        }
        return try self.change { book throws(IdentityError) in
            let outcome: Outcome
            do throws(IntroductionRefusal) {
                outcome = try book.outcome(of: introduction, fingerprint, at: time)
            } catch { throw .introduction(error) }
            if outcome != .unchanged {
                try book.folder.replace("\(introduction.nation).introduction", introduction.octets)
            }
            return outcome
        }
    }

    /// Takes a revocation list of a partner, DER, as it comes over a stream; whether it is a newer one.
    ///
    /// - Throws: `IdentityError.noPartner` or `.revocations`.
    @discardableResult
    public mutating func accept(
        revocations der: [UInt8], of nation: Nation, at time: Timestamp
    ) throws(IdentityError) -> Bool {
        try self.change { book throws(IdentityError) in
            guard let partner = book[nation] else { throw .noPartner(nation) }
            do throws(RevocationRefusal) {
                let list = try RevocationList(der: der, authority: partner.introduction.authority)
                try list.follow(partner.revocations, at: time)
            } catch { throw .revocations(error) }
            guard der != partner.revocations.der else { return false }
            try book.folder.replace("\(nation).crl", Array(Base64.block("X509 CRL", der).utf8))
            return true
        }
    }

    /// Forgets a partner. What was ruled out of it stays ruled out.
    ///
    /// - Throws: `IdentityError.noPartner`.
    public mutating func remove(_ nation: Nation) throws(IdentityError) {
        try self.change { book throws(IdentityError) in
            guard book[nation] != nil else { throw .noPartner(nation) }
            // The introduction last: a list alone would be refused.
            try book.folder.remove("\(nation).crl")
            try book.folder.remove("\(nation).introduction")
        }
    }

    /// Rules out a nation as a whole: the authority by which it is known.
    ///
    /// - Throws: `IdentityError.noPartner`.
    public mutating func revoke(_ nation: Nation) throws(IdentityError) {
        try self.change { book throws(IdentityError) in
            guard let partner = book[nation] else { throw .noPartner(nation) }
            try book.deny(.authority(nation, partner.introduction.fingerprint))
        }
    }

    /// Rules out one certificate of a partner.
    ///
    /// - Throws: `IdentityError.noPartner`.
    public mutating func revoke(certificate serial: SerialNumber, of nation: Nation) throws(IdentityError) {
        try self.change { book throws(IdentityError) in
            guard book[nation] != nil else { throw .noPartner(nation) }
            try book.deny(.certificate(nation, serial))
        }
    }

    /// Rules out one key of a partner's node.
    ///
    /// - Throws: `IdentityError.argument` when no partner has it.
    public mutating func revoke(key: NoteKey) throws(IdentityError) {
        try self.change { book throws(IdentityError) in
            guard book.partners.contains(where: { $0.introduction.nodeKeys.contains { $0.key == key } }) else {
                throw .argument("\(key) is no key of a partner's node; kumiko partner list shows them")
            }
            try book.deny(.key(key))
        }
    }

    private mutating func deny(_ denial: Denial) throws(IdentityError) {
        guard !self.denials.contains(denial) else { return }
        let text = ([Self.title] + (self.denials + [denial]).map(\.description)).map { $0 + "\n" }.joined()
        try self.folder.replace("denied", Array(text.utf8))
    }

    private func isOwn(_ realm: Realm) -> Bool { NodeName.text(of: realm) == NodeName.text(of: self.realm) }

    /// What an introduction would change.
    private func outcome(
        of introduction: Introduction, _ fingerprint: Fingerprint?, at time: Timestamp
    ) throws(IntroductionRefusal) -> Outcome {
        let nation = introduction.nation
        guard nation != self.nation else { throw .ownNation(nation) }
        guard self.isOwn(introduction.realm) else { throw .otherRealm(introduction.realm) }
        guard fingerprint == nil || fingerprint == introduction.fingerprint else {
            throw .otherFingerprint(introduction.fingerprint)
        }
        let held = self[nation]
        if let held, held.introduction.fingerprint != introduction.fingerprint {
            throw .otherAuthority(
                nation, held: held.introduction.fingerprint, offered: introduction.fingerprint)
        }
        guard !self.denials.contains(.authority(nation, introduction.fingerprint)) else {
            throw .revoked(nation)
        }
        let authority = introduction.authority
        guard authority.notBefore <= time, time <= authority.notAfter else {
            throw .authority("it is in force from \(authority.notBefore) to \(authority.notAfter)")
        }
        if let held {
            let number = held.introduction.number
            guard introduction.number >= number else {
                throw .rolledBack(held: number, offered: introduction.number)
            }
            if introduction.number == number {
                guard introduction.octets == held.introduction.octets else {
                    throw .twoOfOneNumber(number)
                }
                return .unchanged
            }
        }
        // A list that came over a stream may be newer than the one within; then that one goes on.
        if (held?.revocations.number ?? 0) <= introduction.revocations.number {
            do throws(RevocationRefusal) { try introduction.revocations.follow(held?.revocations, at: time) } catch {
                throw .revocations(error)
            }
        }
        return held == nil ? .added : .updated
    }

    /// Changes the files under the folder's lock, and reads them before and after: another process may have changed them.
    private mutating func change<Result>(
        _ work: (inout PartnerBook) throws(IdentityError) -> Result
    ) throws(IdentityError) -> Result {
        var book = self
        let result = try self.folder.locked { () throws(IdentityError) -> Result in
            try book.load()
            let result = try work(&book)
            try book.load()
            return result
        }
        self = book
        return result
    }

    /// Reads the files. What they say of partners is verified as when it came, but for the time.
    private mutating func load() throws(IdentityError) {
        let names = try self.folder.names()
        self.denials = names.contains("denied") ? try self.readDenials() : []
        var partners: [Partner] = []
        for name in names where name.hasSuffix(".introduction") {
            let introduction = try Introduction(name, in: self.folder)
            guard name == "\(introduction.nation).introduction", introduction.nation != self.nation,
                self.isOwn(introduction.realm)
            else {
                throw .malformed(
                    path: self.folder.file(name), line: 2,
                    reason: "it is of \(introduction.nation) in the realm \(introduction.realm)")
            }
            partners.append(try self.partner(introduction, names))
        }
        self.partners = partners.sorted { $0.nation < $1.nation }
    }

    private func partner(_ introduction: Introduction, _ names: [String]) throws(IdentityError) -> Partner {
        let nation = introduction.nation
        var revocations = introduction.revocations
        let file = "\(nation).crl"
        if names.contains(file) {
            let text = try self.folder.read(file, max: 2 * RevocationList.octetsMax)
            guard let der = Base64.soleBlock("X509 CRL", text) else {
                throw .malformed(path: self.folder.file(file), line: 0, reason: "no revocation list in PEM")
            }
            do throws(RevocationRefusal) {
                let list = try RevocationList(der: der, authority: introduction.authority)
                if list.number > revocations.number { revocations = list }
            } catch { throw .malformed(path: self.folder.file(file), line: 0, reason: "\(error)") }
        }
        let isRevoked = self.denials.contains(.authority(nation, introduction.fingerprint))
        return Partner(
            introduction: introduction, revocations: revocations, isRevoked: isRevoked,
            deniedSerials: self.denials.compactMap {
                if case .certificate(nation, let serial) = $0 { serial } else { nil }
            },
            nodeKeys: isRevoked
                ? [] : introduction.nodeKeys.filter { key in !self.denials.contains(.key(key.key)) })
    }

    private func readDenials() throws(IdentityError) -> [Denial] {
        let path = self.folder.file("denied")
        guard var reader = LineReader(try self.folder.read("denied", max: Self.deniedMax)) else {
            throw .malformed(path: path, line: 0, reason: "no text, or its last line is not ended")
        }
        guard reader.read() == Self.title[...] else {
            throw .malformed(path: path, line: 1, reason: "must be: \(Self.title)")
        }
        var denials: [Denial] = []
        while let line = reader.read() {
            guard let denial = Denial(line: line) else {
                throw .malformed(
                    path: path, line: reader.line,
                    reason: "must be: authority NATION FINGERPRINT, certificate NATION SERIAL, or key VKEY")
            }
            denials.append(denial)
        }
        return denials
    }
}

extension Introduction {
    /// Reads an introduction that is kept in a folder.
    init(_ name: String, in folder: PrivateFolder) throws(IdentityError) {
        let octets = try folder.read(name, max: Self.octetsMax)
        do throws(IntroductionRefusal) { self = try Introduction(parsing: octets) } catch {
            guard case .badLine(let line, let reason) = error else {
                throw .malformed(path: folder.file(name), line: 0, reason: "\(error)")
            }
            throw .malformed(path: folder.file(name), line: line, reason: reason)
        }
    }
}
