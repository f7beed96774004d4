import Federation

extension LinkRefusal {
    /// Reads why the partner ends the link; a reason that is not known here, or was said badly, ends it as well.
    ///
    /// Who refuses a head or an entry keeps the evidence; what crosses is its name, and that comes out as `malformed`.
    init(_ refusal: Kumiko_Federation_V1_Refusal) {
        let text = refusal.text.bounded
        switch refusal.reason {
        case .noCommonVersion:
            let oldest = refusal.oldestVersion, newest = refusal.newestVersion
            guard 1 <= oldest, oldest <= newest else {
                self = .malformed("no common version, of \(oldest) to \(newest)")
                return
            }
            self = .noCommonVersion(ProtocolVersion(oldest)...ProtocolVersion(newest))
        case .outOfTurn: self = .outOfTurn
        case .wrongNation: self = .wrongNation
        case .wrongRealm: self = .wrongRealm
        case .notAddressed: self = .notAddressed
        case .replaced: self = .replaced
        case .unknownHead: self = .unknownHead(size: refusal.size)
        case .lane: self = .malformed("refused by the partner: \(text)".bounded)
        case .batch: self = .batch(text)
        case .overrun: self = .overrun
        case .malformed: self = .malformed(text)
        case .revoked: self = .revoked
        case .silent: self = .silent
        case .ending: self = .ending
        case .unspecified, .UNRECOGNIZED:
            self = .malformed("refused by the partner for reason \(refusal.reason.rawValue)")
        }
    }
}

extension Kumiko_Federation_V1_Refusal {
    init(_ refusal: LinkRefusal) {
        self.init()
        switch refusal {
        case .noCommonVersion(let versions):
            self.reason = .noCommonVersion
            self.oldestVersion = versions.lowerBound.rawValue
            self.newestVersion = versions.upperBound.rawValue
        case .outOfTurn: self.reason = .outOfTurn
        case .wrongNation: self.reason = .wrongNation
        case .wrongRealm: self.reason = .wrongRealm
        case .notAddressed: self.reason = .notAddressed
        case .replaced: self.reason = .replaced
        case .unknownHead(let size):
            self.reason = .unknownHead
            self.size = size
        case .entry(let why):
            self.reason = .lane
            // The name of the case; the notes that it may hold stay here.
            self.text = String("\(why)".prefix { $0 != "(" }).bounded
        case .batch(let text):
            self.reason = .batch
            self.text = text.bounded
        case .overrun: self.reason = .overrun
        case .malformed(let text):
            self.reason = .malformed
            self.text = text.bounded
        case .revoked: self.reason = .revoked
        case .silent: self.reason = .silent
        case .ending: self.reason = .ending
        }
    }
}

extension String {
    /// At most as many octets as a text may have, cut between characters.
    var bounded: String {
        guard self.utf8.count > WireBounds.textOctets else { return self }
        var octets = 0
        return String(
            self.prefix {
                octets += $0.utf8.count
                return octets <= WireBounds.textOctets
            })
    }
}
