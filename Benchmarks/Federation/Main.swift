import Air
import BenchSupport
import Federation
import Foundation
import Ledger
import Releasability

/// What federation costs, core to core: no wire and no disk.
///
///     kumiko-bench-federation tracks [COUNT [PER-SECOND [SECONDS]]]
///     kumiko-bench-federation resync [ENTRIES]
///     kumiko-bench-federation codec
@main enum Bench {
    static func main() {
        print(Machine.line)
        let arguments = Array(CommandLine.arguments.dropFirst())
        let numbers = arguments.dropFirst().compactMap { Int($0) }
        func number(_ place: Int, or value: Int) -> Int { place < numbers.count ? numbers[place] : value }
        switch arguments.first {
        case "resync": self.resync(number(0, or: 1_000_000))
        case "codec": self.codec()
        case "tracks": self.tracks(number(0, or: 100_000), number(1, or: 50_000), seconds: number(2, or: 10))
        default:
            self.codec()
            self.tracks(100_000, 50_000, seconds: 10)
            self.resync(1_000_000)
        }
    }

    static func tracks(_ count: Int, _ rate: Int, seconds: Int) {
        let before = Machine.memory("VmRSS")
        var pair = Pair(tracks: count)
        let source = Machine.memory("VmRSS") - before
        pair.dial(1)
        // The first showing of each, with its statement of disclosure.
        var last = -1
        while pair.heard > last || pair.heard == 0 {
            last = pair.heard
            for _ in 0..<50 {
                pair.now.nanoseconds += 20_000_000
                pair.give(isSender: true, .tick)
                pair.give(isSender: false, .tick)
            }
        }
        print(
            "\(count) tracks shown first: sender \(self.micro(pair.senderSeconds, pair.heard)),",
            "receiver \(self.micro(pair.receiverSeconds, pair.heard)) each")
        let steady = Machine.memory("VmRSS")
        let begin = (pair.senderSeconds, pair.receiverSeconds, pair.leaves, pair.leafOctets)
        var next = 0
        let step = rate / 50
        for _ in 0..<(50 * seconds) {
            pair.now.nanoseconds += 20_000_000
            pair.sending.source.now = pair.now
            var notices: [TrackChangeNotice] = []
            for _ in 0..<step {
                notices.append(TrackChangeNotice(TrackID(UInt32(next)), .moved))
                next = (next + 1) % count
            }
            pair.give(isSender: true, .tracks(notices))
            pair.give(isSender: true, .tick)
            pair.give(isSender: false, .tick)
        }
        let updates = pair.leaves - begin.2
        print(
            "\(updates) updates in \(seconds) s: sender \(self.micro(pair.senderSeconds - begin.0, updates)),",
            "receiver \(self.micro(pair.receiverSeconds - begin.1, updates)) each;",
            "cores: \(self.two((pair.senderSeconds - begin.0) / Double(seconds))) and",
            "\(self.two((pair.receiverSeconds - begin.1) / Double(seconds)))")
        print(
            "octets of a leaf, with its salt: \((pair.leafOctets - begin.3) / max(updates, 1));",
            "memory of both nodes: \((steady - before - source) >> 20) MB, of the source \(source >> 20) MB")
    }

    static func resync(_ entries: Int) {
        var pair = Pair(tracks: 0)
        for number in 1...entries {
            pair.give(
                isSender: true,
                .record(
                    Record(
                        number: UInt64(number), id: "r\(number)", kind: "note", goods: .records("note"),
                        label: goodsLabel, measuredAt: noon,
                        fields: [Record.Field("text", "a word or two of something")])))
        }
        print("\(entries) records entered, one to a write: \(self.micro(pair.senderSeconds, entries)) each")
        let octets = pair.log.reduce(0) { $0 + $1.count }
        pair.senderSeconds = 0
        pair.receiverSeconds = 0
        let wall = Machine.monotonic
        pair.dial(1)
        let seconds = Double(Machine.monotonic - wall) / 1e9
        precondition(pair.effects == entries, "\(pair.effects)")
        print(
            "\(entries) entries of \(octets / entries) octets caught up: sender \(self.two(pair.senderSeconds)) s,",
            "receiver \(self.two(pair.receiverSeconds)) s, both in a row \(self.two(seconds)) s")
    }

    static func codec() {
        let source = RowSource(count: 1000)
        let words = LabelWords(
            policy: "trilateral", classification: "restricted", originators: [sender], releasableTo: [receiver])
        let label = words.encoded
        let salt = [UInt8](repeating: 7, count: 16)
        var codec = TrackCodec()
        var octets: [[UInt8]] = []
        for track in source.row where codec.encode(.state(track), label: label, after: salt) {
            octets.append(codec.octets)
        }
        var count = 0
        let write = measure {
            for track in source.row where codec.encode(.state(track), label: label, after: salt) { count += 1 }
        }
        let read = measure {
            for leaf in octets where TrackCodec.decode(leaf, from: 16, of: sender) != nil { count += 1 }
        }
        print(
            "a leaf of \(octets[0].count) octets: written in \(self.two(write * 1e3)) µs, read in \(self.two(read * 1e3)) µs"
        )
    }

    private static func micro(_ seconds: Double, _ count: Int) -> String {
        String(format: "%.2f µs", seconds / Double(max(count, 1)) * 1e6)
    }
    private static func two(_ value: Double) -> String { String(format: "%.2f", value) }
}
