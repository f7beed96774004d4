/// What will happen, the earliest first; what happens at one instant happens in the order in which it was foretold.
///
/// A binary heap over (time, serial): the order is total, so a run has one order of events whatever the heap does inside.
struct EventHeap<Event> {
    private var events: [(time: Int64, serial: UInt64, event: Event)] = []
    private var serial: UInt64 = 0

    var count: Int { self.events.count }

    /// Foretells an event.
    ///
    /// - Parameter time: nanoseconds of the simulation.
    mutating func insert(_ event: Event, at time: Int64) {
        self.serial += 1
        self.events.append((time, self.serial, event))
        var child = self.events.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard self.precedes(child, parent) else { break }
            self.events.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the earliest.
    mutating func pop() -> (time: Int64, event: Event)? {
        guard let first = self.events.first else { return nil }
        let last = self.events.removeLast()
        if !self.events.isEmpty {
            self.events[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in 2 * parent + 1...2 * parent + 2
                where child < self.events.count && self.precedes(child, least) {
                    least = child
                }
                guard least != parent else { break }
                self.events.swapAt(parent, least)
                parent = least
            }
        }
        return (first.time, first.event)
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        (self.events[a].time, self.events[a].serial) < (self.events[b].time, self.events[b].serial)
    }
}
