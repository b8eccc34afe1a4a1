package import Exchange
package import Storage

/// About what a change costs to write, where a letter to few recipients costs 1.
///
/// A lease costs what it finds, and that is not known before: a poll may ask for a hundred letters and find
/// none. Who got a full page the last time is taken to find one again, everybody else to find next to
/// nothing. Were polls weighed by what they ask for, the thousands that wait for one broadcast would each be
/// a commit of its own.
package struct BatchWeights {
    /// Those whose last page was full. An agency leaves when a page is not, so these are the ones with much
    /// waiting that are taking it just now.
    private var draining: Set<AgencyCode> = []

    package init() {}

    package func weight(of change: Change) -> Int {
        switch change {
        case .accept(let document): 1 + document.recipients.count / 16
        case .lease(let recipient, let limit, _): draining.contains(recipient) ? 1 + limit / 4 : 1
        default: 1
        }
    }

    /// After its commit.
    package mutating func note(_ change: Change, _ result: Result<Outcome, Rejection>) {
        guard case .lease(let recipient, let limit, _) = change, case .success(.leased(let page)) = result
        else { return }
        note(recipient, isFull: page.count == limit)
    }

    package mutating func note(_ recipient: AgencyCode, isFull: Bool) {
        if isFull { draining.insert(recipient) } else { draining.remove(recipient) }
    }
}
