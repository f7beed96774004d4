internal import Air
internal import Ledger

extension TrackBatch {
    static let domain = "kumiko/tracks/v1 "

    /// What is signed, behind the domain.
    static func message(
        lane: Lane, node: String, number: BatchNumber, sentAt: Timestamp, count: Int, root: LedgerHash
    ) -> [UInt8] {
        var octets = Array(lane.origin.utf8)
        octets.append(0x0A)
        octets += node.utf8
        octets.append(0x0A)
        for value in [
            number.epoch, number.number, UInt64(bitPattern: sentAt.nanoseconds), UInt64(truncatingIfNeeded: count),
        ] {
            for shift in stride(from: 56 as UInt64, through: 0, by: -8) {
                octets.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        return octets + root.octets
    }

    /// Octets of a salt.
    static var saltCount: Int { 16 }

    /// The salts of a batch: whoever does not have the secret cannot guess a leaf from its hash.
    struct Salts {
        private var octets: [UInt8]

        init(secret: [UInt8], lane: Lane, number: BatchNumber) {
            var octets = Array("kumiko/salt/tracks/v1\n".utf8) + secret + Array(lane.origin.utf8)
            octets.append(0x0A)
            for value in [number.epoch, number.number] {
                for shift in stride(from: 56 as UInt64, through: 0, by: -8) {
                    octets.append(UInt8(truncatingIfNeeded: value >> shift))
                }
            }
            self.octets = LedgerHash(hashing: octets.span).octets + [0, 0, 0, 0]
        }

        mutating func salt(of leaf: Int) -> [UInt8] {
            for place in 0..<4 {
                self.octets[32 + place] = UInt8(truncatingIfNeeded: leaf >> (24 - 8 * place))
            }
            return Array(LedgerHash(hashing: self.octets.span).octets.prefix(TrackBatch.saltCount))
        }
    }

    /// The hashes of the leaves.
    var hashes: [LedgerHash] {
        self.leaves.map { leaf in
            switch leaf {
            case .shown(let octets): MerkleTree.leafHash(octets.span)
            case .withheld(let hash): hash
            }
        }
    }

    /// Verifies that a node of the lane's nation signed it.
    ///
    /// - Returns: the hashes of its leaves.
    /// - Throws: `EntryRefusal`. One verification of Ed25519.
    func verify(keys: KeyRing) throws(EntryRefusal) -> [LedgerHash] {
        let hashes = self.hashes
        let message = Self.message(
            lane: self.lane, node: self.node, number: self.number, sentAt: self.sentAt, count: hashes.count,
            root: MerkleTree.root(of: hashes))
        try keys.verify(
            self.signature, under: Self.domain, over: message, of: self.lane.nation, realm: self.lane.realm,
            node: self.node, keyID: self.keyID)
        return hashes
    }
}
