public import Air

/// A payload that its audience may see, as it may see it. Only this module makes one, so whoever holds one has a decision.
public struct Released<Payload: Sendable>: Sendable {
    /// What may be shown, redacted where the rule asks for it.
    public let payload: Payload
    /// Its label, with the onward rule of the agreement if that is narrower.
    public let label: Label
    /// To whom, and to nobody else.
    public let audience: Audience
    /// When it was decided.
    public let decidedAt: Timestamp
    /// The decision.
    public let verdict: Verdict

    // Without `public`, and never more: this is the border.
    internal init(payload: Payload, label: Label, audience: Audience, decidedAt: Timestamp, verdict: Verdict) {
        self.payload = payload
        self.label = label
        self.audience = audience
        self.decidedAt = decidedAt
        self.verdict = verdict
    }
}

/// What can be released: it says of itself what a decision rests on, and takes out of itself what a decision takes.
public protocol Releasable: Sendable {
    /// What an audience knows it by. Numbers are of the audience: one's own, counted for all, would tell how much is
    /// withheld.
    associatedtype Number: Sendable

    static var goodsKind: GoodsKind { get }

    /// What kind this one is, where the type has several: `goodsKind` unless it says another.
    var goods: GoodsKind { get }

    /// Where and when.
    var spot: Spot { get }

    /// The same with less.
    ///
    /// - Returns: nil where that much cannot be taken; then nothing goes.
    func redacted(_ redactions: Redactions, numbered number: Number) -> Self?
}

extension Releasable {
    public var goods: GoodsKind { Self.goodsKind }
}

extension Policy {
    /// What of a datum may go to an audience at a time; nil if nothing.
    public func release<Payload: Releasable>(
        _ item: Labelled<Payload>, realm: Realm, to audience: Audience, at time: Timestamp,
        numbered number: Payload.Number
    ) -> Released<Payload>? {
        let goods = Goods(
            item.payload.goods, label: item.label, realm: realm,
            position: item.payload.spot.hasPosition ? item.payload.spot.position : nil,
            measuredAt: item.payload.spot.measuredAt)
        return Released(
            item.payload, item.label, to: audience, at: time,
            self.verdict(goods, to: audience, at: time), numbered: number)
    }
}

extension CompiledRelease {
    /// What of a datum may go at a time; nil if nothing, or if it is of another kind.
    ///
    /// - Parameter number: of its label.
    public func release<Payload: Releasable>(
        _ payload: Payload, label number: UInt32, at time: Timestamp, numbered name: Payload.Number
    ) -> Released<Payload>? {
        guard payload.goods == self.kind else { return nil }
        return Released(
            payload, self.label(number), to: self.audience, at: time,
            self.verdict(Item(label: number, payload.spot), at: time), numbered: name)
    }

    /// The newest state that may go at a time, where agreements ask for a delay: what was known then, not what is known now
    /// of then.
    ///
    /// - Parameter state: the datum as it stood at an instant.
    public mutating func release<Payload: Releasable>(
        at time: Timestamp, numbered name: Payload.Number, state: (Timestamp) -> Labelled<Payload>?
    ) -> Released<Payload>? {
        for delay in self.delays {
            let then = Timestamp(nanoseconds: time.nanoseconds &- Int64(delay) * 1_000_000_000)
            guard then <= time, let item = state(then) else { continue }
            let number = self.number(of: item.label)
            if let released = self.release(item.payload, label: number, at: time, numbered: name) { return released }
        }
        return nil
    }
}

extension Released where Payload: Releasable {
    fileprivate init?(
        _ payload: Payload, _ label: Label?, to audience: Audience, at time: Timestamp, _ verdict: Verdict,
        numbered number: Payload.Number
    ) {
        guard verdict.isReleased, var label, let redacted = payload.redacted(verdict.redactions, numbered: number)
        else {
            return nil
        }
        label.onward = verdict.onward
        self.init(payload: redacted, label: label, audience: audience, decidedAt: time, verdict: verdict)
    }
}
