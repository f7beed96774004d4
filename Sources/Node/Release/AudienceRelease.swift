internal import Air
internal import Releasability

/// Why an audience sees tracks or does not, and how many of each.
public struct ReleaseTally: Sendable {
    /// Tracks now by what decided: index 0 as they are, 1 redacted, then `Refusal.rawValue + 1`.
    private var now = Array(repeating: 0, count: Self.size)
    /// Decisions since the start, by the same.
    private var all = Array(repeating: UInt64(0), count: Self.size)

    private static let size = Int(Refusal.allCases.map(\.rawValue).max() ?? 0) + 2

    static let released: UInt8 = 0
    static let redacted: UInt8 = 1

    static func code(_ refusal: Refusal) -> UInt8 { refusal.rawValue + 1 }

    mutating func count(_ code: UInt8) { self.all[Int(code)] &+= 1 }

    mutating func move(from old: UInt8?, to new: UInt8?) {
        if let old { self.now[Int(old)] -= 1 }
        if let new { self.now[Int(new)] += 1 }
    }

    /// The answer's name, the tracks now and the decisions since the start; answers that were never given are left out.
    public var rows: [(answer: String, reason: String?, tracks: Int, decisions: UInt64)] {
        let names: [(String, String?)] =
            [("release", nil), ("redact", nil)] + Refusal.allCases.map { ("withhold", $0.name) }
        let codes: [UInt8] = [Self.released, Self.redacted] + Refusal.allCases.map(Self.code)
        return zip(names, codes).compactMap { name, code in
            let (tracks, decisions) = (self.now[Int(code)], self.all[Int(code)])
            return decisions == 0 && tracks == 0 ? nil : (name.0, name.1, tracks, decisions)
        }
    }
}

/// Decides, track by track, what one audience sees of the picture, and numbers it for this audience.
///
/// A value: the same changes at the same times give the same decisions, numbers and order.
struct AudienceRelease: Sendable {
    private struct Known: Sendable {
        /// The number that the audience knows it by; 0 until it is shown.
        var number: UInt32 = 0
        var isShown = false
        /// What decided last, as `ReleaseTally` counts it.
        var code: UInt8?
    }

    let audience: Audience
    private(set) var tally = ReleaseTally()
    private var compiled: CompiledRelease
    private let book: LabelBook
    private let delays: [UInt32]
    private var memory: StateMemory?
    /// When a former state of a track becomes old enough to go, for each delay in the order of time.
    private var due: [DueQueue]
    private var known: [TrackID: Known] = [:]
    private var labelNumbers: [LabelSet: UInt32] = [:]
    private var lastNumber: UInt32 = 0
    /// When an agreement begins or ends.
    private let turns: [Timestamp]
    private var tickedAt: Timestamp?

    /// - Parameter statesMax: how many former states may be kept.
    init(_ audience: Audience, policy: Policy, realm: Realm, book: LabelBook, statesMax: Int = 400_000) {
        self.audience = audience
        self.book = book
        self.compiled = CompiledRelease(policy, to: audience, kind: .tracks, realm: realm)
        self.delays = self.compiled.delays
        let longest = self.delays.last ?? 0
        self.memory = longest > 0 ? StateMemory(span: Double(longest), statesMax: statesMax) : nil
        self.due = self.delays.filter { $0 > 0 }.map { DueQueue(delay: Double($0)) }
        self.turns = policy.agreements.flatMap { [$0.from, $0.to] }.sorted()
    }

    /// The number by which the audience is shown a track now; nil if it is not shown.
    func number(of id: TrackID) -> TrackID? {
        guard let known = self.known[id], known.isShown else { return nil }
        return TrackID(known.number)
    }

    /// States that were not kept because there was no room.
    var lostStates: UInt64 { self.memory?.lost ?? 0 }

    /// Takes what has changed of the picture.
    mutating func take(
        _ updated: [Track], dropped: [TrackID], at now: Timestamp, into changes: inout [ReleasedChange]
    ) {
        for track in updated {
            self.remember(track, now)
            self.decide(track.id, live: track, now, &changes)
        }
        for id in dropped {
            if self.memory?.end(id, at: now) == true {
                for i in self.due.indices { self.due[i].append(id, knownAt: now) }
                self.decide(id, live: nil, now, &changes)
            } else {
                self.forget(id, now, &changes)
            }
        }
    }

    /// Lets time pass: former states become old enough, agreements begin and end.
    mutating func tick(_ now: Timestamp, live: (TrackID) -> Track?, into changes: inout [ReleasedChange]) {
        for i in self.due.indices {
            let isLongest = i == self.due.count - 1
            while let id = self.due[i].popDue(at: now) {
                let isOver = isLongest && self.memory?.trim(id, at: now) == true
                let track = live(id)
                if isOver, track == nil {
                    self.forget(id, now, &changes)
                } else {
                    self.decide(id, live: track, now, &changes)
                }
            }
        }
        if let last = self.tickedAt, self.turns.contains(where: { last < $0 && $0 <= now }) {
            for id in self.known.keys.sorted() { self.decide(id, live: live(id), now, &changes) }
        }
        self.tickedAt = now
    }

    private mutating func remember(_ track: Track, _ now: Timestamp) {
        guard let memory = self.memory else { return }
        let label = self.number(of: track.labels)
        // When it is as old as the longest delay; what is withheld even then is not kept.
        let then = max(now, track.measuredAt).advanced(by: memory.span)
        let isWanted = self.compiled.verdict(CompiledRelease.Item(label: label, track.spot), at: then).isReleased
        guard let at = self.memory?.enter(track, isWanted: isWanted, at: now) else { return }
        for i in self.due.indices { self.due[i].append(track.id, knownAt: at) }
    }

    private mutating func number(of labels: LabelSet) -> UInt32 {
        if let number = self.labelNumbers[labels] { return number }
        let number = self.compiled.number(of: self.book.label(of: labels))
        self.labelNumbers[labels] = number
        return number
    }

    /// Shows of a track the newest state that may go, or ends what was shown of it.
    private mutating func decide(
        _ id: TrackID, live: Track?, _ now: Timestamp, _ changes: inout [ReleasedChange]
    ) {
        var known = self.known[id] ?? Known()
        let number = known.number == 0 ? self.lastNumber &+ 1 : known.number
        var released: Released<Track>?
        for delay in self.delays {
            let state =
                delay == 0 ? live : self.memory?.state(of: id, at: now.advanced(by: -Double(delay)))
            guard let state else { continue }
            let label = self.number(of: state.labels)
            released = self.compiled.release(state, label: label, at: now, numbered: TrackID(number))
            if released != nil { break }
        }
        let code: UInt8
        if let released {
            code = released.verdict.redactions.isEmpty ? ReleaseTally.released : ReleaseTally.redacted
            if known.number == 0 { self.lastNumber = number }
            known.number = number
            known.isShown = true
            changes.append(.updated(released))
        } else {
            code = self.refusal(live, now)
            if known.isShown { changes.append(.dropped(TrackID(known.number), at: now)) }
            known.isShown = false
        }
        self.tally.count(code)
        self.tally.move(from: known.code, to: code)
        known.code = code
        self.known[id] = known
    }

    /// Why nothing of a track goes.
    private mutating func refusal(_ live: Track?, _ now: Timestamp) -> UInt8 {
        guard let live else { return ReleaseTally.code(.tooYoung) }
        let item = CompiledRelease.Item(label: self.number(of: live.labels), live.spot)
        // What may go as it is, and cannot be redacted, has a number that is none.
        return ReleaseTally.code(self.compiled.verdict(item, at: now).refusal ?? .badPosition)
    }

    private mutating func forget(_ id: TrackID, _ now: Timestamp, _ changes: inout [ReleasedChange]) {
        guard let known = self.known.removeValue(forKey: id) else { return }
        if known.isShown { changes.append(.dropped(TrackID(known.number), at: now)) }
        self.tally.move(from: known.code, to: nil)
    }
}

/// Tracks whose former states become old enough, in the order in which they do.
private struct DueQueue: Sendable {
    private let delay: Double
    private var waiting: [(at: Timestamp, track: TrackID)] = []
    private var first = 0

    init(delay: Double) { self.delay = delay }

    mutating func append(_ track: TrackID, knownAt at: Timestamp) {
        self.waiting.append((at.advanced(by: self.delay), track))
    }

    mutating func popDue(at now: Timestamp) -> TrackID? {
        guard self.first < self.waiting.count, self.waiting[self.first].at <= now else {
            // What was taken is let go from time to time.
            if self.first > 1024, self.first * 2 > self.waiting.count {
                self.waiting.removeFirst(self.first)
                self.first = 0
            }
            return nil
        }
        self.first += 1
        return self.waiting[self.first - 1].track
    }
}
