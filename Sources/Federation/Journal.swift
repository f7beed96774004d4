internal import Air
internal import Disclosure
internal import Ledger
internal import Releasability

/// What both sides of a link need of their node.
struct Setting: Sendable {
    let identity: FederationIdentity
    let limits: FederationLimits
    let start: UInt64
    var policy: Policy
    var partners: [PartnerKeys]
    var keys: KeyRing

    init(
        _ identity: FederationIdentity, _ limits: FederationLimits, _ start: UInt64, _ policy: Policy,
        _ partners: [PartnerKeys]
    ) {
        self.identity = identity
        self.limits = limits
        self.start = start
        self.policy = policy
        self.partners = partners
        self.keys = KeyRing(partners.flatMap(\.nodes))
    }

    func keys(of nation: Nation) -> PartnerKeys? { self.partners.first { $0.nation == nation } }

    /// A seed of 64 bits that nobody else can know.
    func seed(_ purpose: String) -> UInt64 {
        var octets = Array("kumiko/seed/v1 \(purpose)\n".utf8) + self.identity.saltSecret
        for shift in stride(from: 56 as UInt64, through: 0, by: -8) {
            octets.append(UInt8(truncatingIfNeeded: self.start >> shift))
        }
        return LedgerHash(hashing: octets.span).octets.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// What of one partner waits to be durable: one write is on its way at a time, and all that comes meanwhile goes into the next.
///
/// Each partner has its own, so that neither what others are told nor what others send decides when and in which groups its
/// lane grows.
struct Journal: Sendable {
    /// What is to be done when a write is durable.
    enum Task: Sendable {
        case entered
        case headed
        case held(size: UInt64)
        case heldUrgent(LedgerHash)
    }

    private(set) var changes: [FederationWrite.Change] = []
    private var tasks: [Task] = []
    private var flying: (number: UInt64, tasks: [Task])?

    var isFlying: Bool { self.flying != nil }

    mutating func add(_ change: FederationWrite.Change) { self.changes.append(change) }
    mutating func add(_ task: Task) { self.tasks.append(task) }

    /// The next write, when none is on its way and there is something to write.
    mutating func take(as number: UInt64) -> FederationWrite? {
        guard self.flying == nil, !self.changes.isEmpty else { return nil }
        let write = FederationWrite(number: number, changes: self.changes)
        self.flying = (number, self.tasks)
        self.changes = []
        self.tasks = []
        return write
    }

    /// What is to be done now that a write is durable; nil for a write that is not on its way.
    mutating func written(_ number: UInt64) -> [Task]? {
        guard let flying, flying.number == number else { return nil }
        self.flying = nil
        return flying.tasks
    }
}

/// First in, first out, without moving what waits.
struct Queue<Element> {
    private var items: [Element] = []
    private var begin = 0

    var count: Int { self.items.count - self.begin }
    var isEmpty: Bool { self.count == 0 }
    var first: Element? { self.isEmpty ? nil : self.items[self.begin] }

    mutating func append(_ item: Element) { self.items.append(item) }

    mutating func popFirst() -> Element? {
        guard !self.isEmpty else { return nil }
        let item = self.items[self.begin]
        self.begin += 1
        if self.begin >= 64, self.begin * 2 >= self.items.count {
            self.items.removeFirst(self.begin)
            self.begin = 0
        }
        return item
    }

    mutating func removeAll() {
        self.items.removeAll()
        self.begin = 0
    }

    mutating func updateAll(_ update: (inout Element) -> Void) {
        for place in self.begin..<self.items.count { update(&self.items[place]) }
    }

    var elements: ArraySlice<Element> { self.items[self.begin...] }
}

extension Queue: Sendable where Element: Sendable {}
