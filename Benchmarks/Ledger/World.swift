import Air
import Crypto
import Foundation
import Ledger

/// Japan's log for Australia, with keys that everybody knows: for measuring and for trying out, never for use.
struct World {
    let lane: Lane
    let node: EntrySigner
    let nation: NoteSigner
    let australia: NoteSigner
    let salts: SaltSecret
    let label = LedgerHash(hashing: Array("rel jp au".utf8).span)

    init?() {
        func secret(_ octet: UInt8) -> [UInt8] { [UInt8](repeating: octet, count: 32) }
        guard let jp = Nation("jp"), let au = Nation("au"),
            let lane = Lane(nation: jp, realm: .test, audience: "au"),
            let node = EntrySigner(nation: jp, realm: .test, node: "kasuga", secret: secret(1)),
            let nation = NoteSigner(name: lane.origin, algorithm: .ed25519, secret: secret(2)),
            let australia = NoteSigner(name: Lane.domain(au, .test), algorithm: .cosignature, secret: secret(3)),
            let salts = SaltSecret(secret(4))
        else { return nil }
        self.lane = lane
        self.node = node
        self.nation = nation
        self.australia = australia
        self.salts = salts
    }

    /// What was shown of one track in one interval.
    func body(_ sequence: UInt64) -> EntryBody? {
        let salts = self.salts.salts(lane: self.lane, sequence: sequence)
        return EntryBody([
            ("track", .unsigned(sequence % 5000)), ("from", .unsigned(1_795_266_000 + sequence)),
            ("to", .unsigned(1_795_266_010 + sequence)), ("rule", "agreement/jp-au/3"),
            ("shown", .bytes([UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: 32))),
        ]) { salts[$0] }
    }

    func entry(_ sequence: UInt64, _ body: EntryBody) throws -> Entry {
        try self.node.entry(
            lane: self.lane, sequence: sequence, kind: "disclosure.track",
            time: Timestamp(nanoseconds: 1_795_266_000_000_000_000 + Int64(sequence) * 1_000_000), label: self.label,
            body: body)
    }
}
