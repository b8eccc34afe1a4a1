/// First in, first out, without moving what waits behind: taking and appending cost the same however much
/// waits.
package struct FIFO<Item> {
    private var items: [Item?] = []
    private var head = 0

    package init() {}

    package var isEmpty: Bool { head == items.count }
    package var first: Item? { head < items.count ? items[head] : nil }

    package mutating func append(_ item: Item) { items.append(item) }

    /// Nil where nothing waits.
    package mutating func next() -> Item? {
        guard head < items.count else { return nil }
        let item = items[head]
        items[head] = nil
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: head <= 64)
            head = 0
        } else if head >= 1024, head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
        return item
    }
}

/// What waits, in turns: each party's oldest after the other's, however much one of them has brought.
///
/// Within a party the order of arrival is kept. A party that has nothing left is forgotten, so memory follows
/// what waits, not who ever came. Taking and appending cost the same however much waits.
package struct RoundRobin<Party: Hashable, Element> {
    private var lanes: [Party: FIFO<Element>] = [:]
    private var turns = FIFO<Party>()
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }
    /// Parties that have something waiting.
    package var partyCount: Int { lanes.count }

    package mutating func append(_ element: Element, of party: Party) {
        if lanes[party]?.append(element) == nil {
            var lane = FIFO<Element>()
            lane.append(element)
            lanes[party] = lane
            turns.append(party)
        }
        count += 1
    }

    /// What `next` will give; nil where nothing waits.
    package var first: Element? { turns.first.flatMap { lanes[$0]?.first } }

    /// The next one; nil where nothing waits.
    package mutating func next() -> Element? {
        guard let party = turns.next() else { return nil }
        guard let element = lanes[party]?.next() else { preconditionFailure("a turn without anything") }
        if lanes[party]?.isEmpty == true {
            lanes[party] = nil
        } else {
            turns.append(party)
        }
        count -= 1
        return element
    }

    package mutating func removeAll() {
        self = RoundRobin()
    }
}
