import BenchSupport
import Foundation
import Ledger

/// Writes a log as files: the tlog-tiles log, the bodies, the keys, a receipt, and a proof of equivocation.
struct Export {
    let world: World
    let directory: String

    private func write(_ octets: [UInt8], _ path: String) throws {
        let file = URL(filePath: self.directory).appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(octets).write(to: file)
    }

    func write(_ count: UInt64) throws {
        var log = LaneLog(lane: self.world.lane), history = LaneLog(lane: self.world.lane)
        var store = TileStore()
        var writer = TileWriter()
        var bodies: [UInt8] = []
        for sequence in 0..<count {
            guard let body = self.world.body(sequence) else { return }
            let entry = try self.world.entry(sequence, body)
            try log.append(entry.leaf)
            writer.append(entry.leaf.hash)
            // Every third copy lacks what was shown, every seventh says nothing.
            let copy = entry.withholding { sequence % 7 == 0 || (sequence % 3 == 0 && $0 == "shown") }
            let octets = copy.body.encoded
            for shift in [24, 16, 8, 0] { bodies.append(UInt8(truncatingIfNeeded: octets.count >> shift)) }
            bodies += octets
            // Another history, half as long, whose last entry refers to something else.
            if sequence < (count + 1) / 2 {
                let other = try self.world.node.entry(
                    lane: self.world.lane, sequence: sequence, kind: "disclosure.track",
                    time: entry.leaf.statement.time, label: self.world.label, body: body,
                    references: sequence + 1 == (count + 1) / 2 ? [self.world.label] : [])
                try history.append(other.leaf)
            }
        }
        store.write(writer.takeTiles())
        for file in log.takeFiles() { try self.write(file.octets, file.path) }
        let head = try log.head(signedBy: self.world.nation)
        var follower = LaneFollower(
            lane: self.world.lane, policy: SignaturePolicy(required: [self.world.nation.key]))
        var reception = try follower.reception(of: head)
        for index in 0..<count {
            guard let body = self.world.body(index) else { return }
            try reception.add(self.world.entry(index, body).leaf)
        }
        try follower.take(reception)
        let cosigned = head.with(try follower.receipt(by: self.world.australia, at: 1_795_266_100))
        try self.write(cosigned.octets, "checkpoint")
        try self.write(bodies, "bodies")
        let keys = [
            "log \(self.world.nation.key)", "cosigner \(self.world.australia.key)", "node \(self.world.node.key.key)",
        ]
        try self.write(Array((keys.joined(separator: "\n") + "\n").utf8), "keys")
        var reader = TileReader(size: count, source: store)
        if let proof = try reader.inclusionProof(of: count / 2, size: count) {
            let receipt = InclusionReceipt(index: count / 2, proof: proof, head: cosigned)
            try self.write(Array(receipt.description.utf8), "receipt.tlog-proof")
        }
        if let proof = try Equivocation.between(head, history.head(signedBy: self.world.nation), source: &reader) {
            try self.write(proof.encoded, "equivocation")
        }
        say("\(count) entries in \(self.directory)")
    }
}
