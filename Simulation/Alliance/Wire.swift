import Federation

/// One direction of a link: an ordered stream that can stall, lose what is on its way when it breaks, and nothing else.
struct Pipe<Message: Sendable>: Sendable {
    enum Item: Sendable {
        /// The other end is told of the link.
        case opened
        case message(Message)
        case closed
    }

    /// Not yet on its way: the urgent ones first.
    var waiting: [(message: Message, isBulk: Bool, octets: Int)] = []
    /// Whether one of `waiting`, the first, is being sent.
    var isSending = false
    /// On its way, each with the earliest instant at which it arrives; they arrive in this order.
    var flight: [(time: Int64, item: Item)] = []
    /// What passed, for those who replay it.
    var past: [Message] = []

    mutating func send(_ item: Item, arriving time: Int64) {
        self.flight.append((max(time, self.flight.last?.time ?? 0), item))
    }
}

/// A link, which its receiver dialled.
struct Wire: Sendable {
    let id: LinkID
    let receiver: Int
    let sender: Int
    /// Whether each end's process believes that it is open.
    var isOpenAtReceiver = true
    var isOpenAtSender = false
    /// Broken: nothing that is sent arrives, and each end is told of it at its own time.
    var isBroken = false
    /// From receiver to sender.
    var up = Pipe<Request>()
    /// From sender to receiver.
    var down = Pipe<Delivery>()
}
