import Air
import Identity
import NIOCore
import Synchronization

/// One connection that was accepted: who is at the other end, and what it may still do.
final class Connection: Sendable {
    private struct State {
        var peer: Peer?
        /// Why its certificate was refused, if it was.
        var refusal: PeerRefusal?
        /// Its handshake is done, and it was not told to go.
        var stands = false
        var links = 0
        var hasHadLink = false
        /// Ends it, unless a `hello` comes.
        var wait: Scheduled<Void>?
        var streams: UInt64 = 0
        /// It has opened more streams than it may.
        var isOver = false
        var drains: [UInt64: Drain] = [:]
    }

    let number: UInt64
    let address: String
    private let channel: any Channel
    private let limits: WireLimits
    private let counters: WireCounters
    private let state = Mutex(State())

    init(number: UInt64, address: String, channel: any Channel, limits: WireLimits, counters: WireCounters) {
        self.number = number
        self.address = address
        self.channel = channel
        self.limits = limits
        self.counters = counters
    }

    /// Who it is, once its certificate was judged.
    var peer: Peer? { self.state.withLock { $0.peer } }

    var refusal: PeerRefusal? { self.state.withLock { $0.refusal } }

    func judged(_ result: Result<Peer, PeerRefusal>) {
        self.state.withLock { state in
            switch result {
            case .success(let peer): state.peer = peer
            case .failure(let refusal): state.refusal = refusal
            }
        }
    }

    /// The nation of one whose handshake is done, and who was not told to go.
    var standing: Nation? { self.state.withLock { $0.stands ? $0.peer?.nation : nil } }

    func stands() { self.state.withLock { $0.stands = true } }

    /// Ends it in favour of a newer one.
    func displace() {
        let stood = self.state.withLock { state in
            defer { state.stands = false }
            return state.stands
        }
        guard stood else { return }
        self.counters.count(.displaced)
        self.close()
    }

    /// Gives it so long for a `hello`.
    func wait() {
        let wait = self.channel.eventLoop.scheduleTask(in: TimeAmount(self.limits.hello)) {
            let isIdle = self.state.withLock { $0.links == 0 }
            guard isIdle else { return }
            if !self.state.withLock({ $0.hasHadLink }) { self.counters.count(.noHello) }
            self.channel.close(promise: nil)
        }
        self.state.withLock { state -> Scheduled<Void>? in
            let old = state.wait
            state.wait = wait
            return old
        }?.cancel()
    }

    /// A `hello` came that holds.
    func linked() {
        self.state.withLock { state -> Scheduled<Void>? in
            state.links += 1
            state.hasHadLink = true
            return state.wait.take()
        }?.cancel()
    }

    /// The link that came of it is gone.
    func unlinked() {
        let isIdle = self.state.withLock { state in
            state.links -= 1
            return state.links == 0
        }
        if isIdle { self.wait() }
    }

    /// The connection is gone.
    func gone() { self.state.withLock { $0.wait.take() }?.cancel() }

    func close() { self.channel.close(promise: nil) }

    func close(after time: Duration, unless isOver: @escaping @Sendable () -> Bool) {
        self.channel.eventLoop.scheduleTask(in: TimeAmount(time)) {
            if !isOver() { self.channel.close(promise: nil) }
        }
    }

    /// Numbers a stream, and remembers what waits to leave on it.
    func opened(_ drain: Drain) -> UInt64 {
        self.state.withLock { state in
            state.streams += 1
            state.drains[state.streams] = drain
            return state.streams
        }
    }

    /// Whether a stream is within the bound; one that is not ends the connection.
    func mayOpen() -> Bool {
        let isOver = self.state.withLock { state in
            if !state.isOver, state.drains.count > self.limits.streamsPerConnection {
                state.isOver = true
                self.counters.count(.tooManyStreams)
            }
            return state.isOver
        }
        // Not at once: the transport must first hear of the stream on which this was found.
        if isOver { self.channel.eventLoop.execute { self.close() } }
        return !isOver
    }

    func closed(stream: UInt64) { _ = self.state.withLock { $0.drains.removeValue(forKey: stream) } }

    func drain(of stream: UInt64) -> Drain? { self.state.withLock { $0.drains[stream] } }
}

/// All connections that were accepted, with their bounds.
final class ConnectionTable: Sendable {
    private struct State {
        var last: UInt64 = 0
        var connections: [UInt64: Connection] = [:]
        var perAddress: [String: Int] = [:]
        var isEnding = false
    }

    let limits: WireLimits
    let counters: WireCounters
    private let state = Mutex(State())

    init(limits: WireLimits, counters: WireCounters) {
        self.limits = limits
        self.counters = counters
    }

    subscript(number: UInt64) -> Connection? { self.state.withLock { $0.connections[number] } }

    var count: Int { self.state.withLock { $0.connections.count } }

    var all: [Connection] { self.state.withLock { Array($0.connections.values) } }

    /// Ends all connections; none is taken in any more.
    func end() {
        let all = self.state.withLock { state in
            state.isEnding = true
            return Array(state.connections.values)
        }
        for connection in all { connection.close() }
    }

    /// Takes a connection in; nil, and counted, when there are too many, or the server ends.
    func take(_ channel: any Channel) -> Connection? {
        let address = channel.remoteAddress?.ipAddress ?? ""
        let result = self.state.withLock { state -> Result<Connection, Full> in
            guard !state.isEnding, state.connections.count < self.limits.connections else { return .failure(.all) }
            guard state.perAddress[address, default: 0] < self.limits.connectionsPerAddress else {
                return .failure(.address)
            }
            state.last += 1
            state.perAddress[address, default: 0] += 1
            let connection = Connection(
                number: state.last, address: address, channel: channel, limits: self.limits, counters: self.counters)
            state.connections[state.last] = connection
            return .success(connection)
        }
        switch result {
        case .success(let connection):
            channel.closeFuture.whenComplete { _ in self.remove(connection) }
            return connection
        case .failure(.all): self.counters.count(.tooManyConnections)
        case .failure(.address): self.counters.count(.tooManyOfAddress)
        }
        return nil
    }

    private enum Full: Error {
        case all, address
    }

    private func remove(_ connection: Connection) {
        self.state.withLock { state in
            guard state.connections.removeValue(forKey: connection.number) != nil else { return }
            let left = (state.perAddress[connection.address] ?? 1) - 1
            state.perAddress[connection.address] = left > 0 ? left : nil
        }
        connection.gone()
    }

    /// A connection's handshake is done: when its nation has too many, the oldest has to go.
    func identified(_ connection: Connection, as peer: Peer) {
        connection.stands()
        let same = self.all.filter { $0.standing == peer.nation }.sorted { $0.number < $1.number }
        for old in same.dropLast(self.limits.connectionsPerNation) { old.displace() }
    }
}
