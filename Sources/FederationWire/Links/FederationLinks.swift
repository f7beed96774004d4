public import Federation
public import Identity
import Synchronization

public import struct Air.Nation

/// How a link came to its end.
public enum LinkEnding: Hashable, Sendable {
    /// This node ended it.
    case closed(LinkRefusal)
    /// The partner ended it, with a reason or without.
    case left(LinkRefusal?)
    /// The connection broke.
    case broken(String)

    var isBroken: Bool { if case .broken = self { true } else { false } }
}

/// Who hears what happens on links: the node around the federation's core.
///
/// Of one link the calls come one after the other, `accepted` or `dialled` first and `closed` last; only `sent` may come
/// beside another one. While a call is not done nothing more is read from that link: so a slow node slows its partners down.
public protocol FederationDelegate: Sendable {
    /// A partner's node dialled this one, its certificate holds, and its `hello` says the same; the `hello` comes next.
    func accepted(_ link: LinkID, peer: Peer) async
    /// This node dialled a partner's, and its certificate holds: say `hello`.
    func dialled(_ link: LinkID, peer: Peer) async
    /// What the receiver at the other end says.
    func request(_ link: LinkID, _ request: Request) async
    /// What the sender at the other end says.
    func delivery(_ link: LinkID, _ delivery: Delivery) async
    /// The last octets of a bulk message were given to the system: there is room for another.
    func sent(_ link: LinkID) async
    /// The link is gone.
    func closed(_ link: LinkID, _ ending: LinkEnding) async
    /// A partner could not be reached; it will be dialled again.
    func unreachable(_ nation: Nation, address: WireAddress, reason: String) async
}

/// All links of a node, of its server and its dialers: where the core's outputs go in.
public final class FederationLinks: Sendable {
    enum Link: Sendable {
        case accepted(Outbox<Delivery>, Connection)
        case dialled(Outbox<Request>, Dialling)
    }

    private struct State {
        var last: UInt64 = 0
        var links: [LinkID: Link] = [:]
        var endings: [LinkID: LinkRefusal] = [:]
    }

    /// What may be taken of this node.
    public let limits: WireLimits
    /// What was refused.
    public let counters: WireCounters
    private let state = Mutex(State())

    public init(limits: WireLimits = WireLimits(), counters: WireCounters = WireCounters()) {
        self.limits = limits
        self.counters = counters
    }

    /// Links that stand.
    public var count: Int { self.state.withLock { $0.links.count } }

    /// Says something to a receiver. Entries and tracks wait behind all else, and are answered by `sent`; an urgent entry goes
    /// before those that wait. A refusal ends the link, and what waits is dropped.
    ///
    /// On a link that is gone it does nothing. A receiver that does not read ends the link: `overrun`.
    public func deliver(_ delivery: Delivery, on link: LinkID) {
        guard case .accepted(let outbox, _)? = self[link] else { return }
        let rank: Outbox<Delivery>.Rank =
            switch delivery {
            case .entries, .tracks: .bulk
            case .welcome, .refusal, .urgent, .echo: .first
            }
        if case .refusal(let reason) = delivery {
            self.end(link, reason, isTold: true)
        } else if !outbox.put(delivery, rank) {
            self.overrun(link)
        }
    }

    /// Says something to a sender.
    ///
    /// On a link that is gone it does nothing. A sender that does not read ends the link: `overrun`.
    public func ask(_ request: Request, on link: LinkID) {
        guard case .dialled(let outbox, _)? = self[link] else { return }
        if !outbox.put(request, .first) { self.overrun(link) }
    }

    /// Ends a link, without a word; what waits is dropped. Who is to be told why, is told by `deliver`.
    public func close(_ link: LinkID, _ reason: LinkRefusal) { self.end(link, reason, isTold: false) }

    private func end(_ link: LinkID, _ reason: LinkRefusal, isTold: Bool) {
        let found = self.state.withLock { state -> Link? in
            guard let found = state.links[link], state.endings[link] == nil else { return nil }
            state.endings[link] = reason
            return found
        }
        switch found {
        case .accepted(let outbox, let connection):
            outbox.end(saying: isTold ? .refusal(reason) : nil)
            self.farewell(link, connection)
        case .dialled(let outbox, let dialling):
            outbox.end()
            dialling.close(after: self.limits.farewell)
        case nil: break
        }
    }

    /// Gives a link that ends so long; then its connection ends, whatever else is on it.
    func farewell(_ link: LinkID, _ connection: Connection) {
        connection.close(after: self.limits.farewell) { self[link] == nil }
    }

    private func overrun(_ link: LinkID) {
        self.counters.count(.overrun)
        self.end(link, .overrun, isTold: true)
    }

    subscript(link: LinkID) -> Link? { self.state.withLock { $0.links[link] } }

    /// The number of the next link.
    func number() -> LinkID {
        self.state.withLock { state in
            state.last += 1
            return LinkID(state.last)
        }
    }

    /// Puts a link in, under its number.
    func open(_ id: LinkID, _ link: Link) { self.state.withLock { $0.links[id] = link } }

    /// Takes a link out, with the reason when this node ended it.
    func remove(_ link: LinkID) -> LinkRefusal? {
        self.state.withLock { state in
            state.links[link] = nil
            return state.endings.removeValue(forKey: link)
        }
    }
}
