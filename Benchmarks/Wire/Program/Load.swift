import Air
import BenchSupport
import Federation
import FederationWire
import Glibc
import Identity
import Ledger
import Synchronization
import WireTrials

/// One link on the loopback, both ends in this process: what is said at one is timed at the other.
final class Load: FederationDelegate {
    struct Count {
        var batches = 0
        var leaves = 0
        var batchDelays: [UInt64] = []
        var urgentDelays: [UInt64] = []
    }

    let room = Mutex(0)
    let count = Mutex(Count())
    private let link = Mutex<LinkID?>(nil)
    private let dialledLink = Mutex<LinkID?>(nil)

    func accepted(_ link: LinkID, peer: Peer) async {}
    func dialled(_ link: LinkID, peer: Peer) async { self.dialledLink.withLock { $0 = link } }
    func request(_ link: LinkID, _ request: Request) async { self.link.withLock { $0 = link } }
    func sent(_ link: LinkID) async { self.room.withLock { $0 += 1 } }
    func closed(_ link: LinkID, _ ending: LinkEnding) async {}
    func unreachable(_ nation: Nation, address: WireAddress, reason: String) async { say("unreachable: \(reason)") }

    func delivery(_ link: LinkID, _ delivery: Delivery) async {
        let now = Machine.monotonic
        switch delivery {
        case .tracks(let batch):
            self.count.withLock {
                $0.batches += 1
                $0.leaves += batch.leaves.count
                $0.batchDelays.append(now &- UInt64(bitPattern: batch.sentAt.nanoseconds))
            }
        case .urgent(let entry):
            let sent = entry.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            self.count.withLock { $0.urgentDelays.append(now &- sent) }
        default: break
        }
    }

    func accepted() async -> LinkID? { await self.wait(self.link) }
    func dialled() async -> LinkID? { await self.wait(self.dialledLink) }

    private func wait(_ link: borrowing Mutex<LinkID?>) async -> LinkID? {
        for _ in 0..<5000 {
            if let link = link.withLock({ $0 }) { return link }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return nil
    }

    /// Delivers for some seconds, an urgent entry each 20 ms beside.
    ///
    /// - Parameter perSecond: batches; nil for as many as there is room for.
    static func run(seconds: Double, perSecond: Double?, leaves: Int, octets: Int) async throws {
        let founding = try Founding()
        var jp = try founding.nation("jp"), au = try founding.nation("au")
        try jp.meet(au)
        try au.meet(jp)
        let sender = Site(jp), receiver = Site(au), load = Load()
        let identities = (jp: jp.wire, au: au.wire)
        let server = FederationServer(
            address: WireAddress(host: "127.0.0.1", port: 0), links: sender.links, delegate: load,
            identity: { identities.jp }, clock: { Founding.now })
        let partner = jp.nation
        try await withWire(
            server,
            { address in
                FederationDialer(
                    partner: partner, addresses: [address], links: receiver.links, delegate: load,
                    identity: { identities.au }, clock: { Founding.now })
            }
        ) { _ in
            guard let dialled = await load.dialled() else { return say("no link") }
            receiver.links.ask(.hello(receiver.hello(to: partner)), on: dialled)
            guard let link = await load.accepted(),
                var batch = sender.tracks(number: 0, leaves: leaves, octets: octets, for: "au")
            else { return say("no link") }
            sender.links.deliver(.welcome(sender.welcome()), on: link)
            load.room.withLock { $0 = 1 }
            let begin = Machine.monotonic, cpu = Machine.processTime(getpid())
            var delivered = 0, nextUrgent = begin
            while true {
                let now = Machine.monotonic
                let passed = Double(now - begin) / 1e9
                guard passed < seconds else { break }
                if now >= nextUrgent {
                    nextUrgent += 20_000_000
                    sender.links.deliver(
                        .urgent((0..<64).map { $0 < 8 ? UInt8(truncatingIfNeeded: now >> UInt64(56 - 8 * $0)) : 0 }),
                        on: link)
                }
                let isDue = perSecond.map { Double(delivered) < passed * $0 } ?? true
                let hasRoom =
                    isDue
                    && load.room.withLock { room in
                        guard room > 0 else { return false }
                        room -= 1
                        return true
                    }
                if hasRoom {
                    delivered += 1
                    batch.number.number += 1
                    batch.sentAt = Timestamp(nanoseconds: Int64(bitPattern: Machine.monotonic))
                    sender.links.deliver(.tracks(batch), on: link)
                } else {
                    try? await Task.sleep(for: .microseconds(200))
                }
            }
            let time = Double(Machine.monotonic - begin) / 1e9
            let spent = Machine.processTime(getpid()) - cpu
            load.count.withLock { count in
                let rate = Double(count.leaves) / time
                say(
                    "\(perSecond == nil ? "saturated" : "paced    ") \(Int(Double(count.batches) / time)) batches/s, "
                        + "\(Int(rate)) updates/s, \(Int(rate * Double(octets) / 1e6)) MB/s, "
                        + "\(((spent / Double(max(1, count.leaves))) * 1e7).rounded() / 10) µs of processor an update, both ends, "
                        + "\(Int(100 * spent / time)) % of one core")
                say("  batches: \(Self.percentiles(&count.batchDelays))")
                say("  urgent:  \(Self.percentiles(&count.urgentDelays))")
            }
        }
    }

    private static func percentiles(_ delays: inout [UInt64]) -> String {
        guard !delays.isEmpty else { return "none" }
        delays.sort()
        func at(_ part: Double) -> String {
            let delay = delays[min(delays.count - 1, Int(part * Double(delays.count)))]
            return "\((Double(delay) / 1e4).rounded() / 100) ms"
        }
        return "\(delays.count), p50 \(at(0.5)), p99 \(at(0.99)), p99.9 \(at(0.999)), most \(at(1))"
    }
}
