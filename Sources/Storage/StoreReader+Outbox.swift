internal import Database
package import Exchange

/// What an agency sent, in pages: bounded by documents and by their deliveries, of which a letter to the
/// whole country has ten thousand.
package struct OutboxPage: Sendable {
    package let documents: [SentDocument]
    /// Where the next page begins; nil where this one is the last.
    package let next: OutboxPosition?
}

/// A place among the deliveries of what an agency sent.
package struct OutboxPosition: Sendable, Equatable, CustomStringConvertible {
    let at: Instant
    let document: Int64
    /// Deliveries of that document that came before.
    let offset: Int64

    init(at: Instant, document: Int64, offset: Int64) {
        self.at = at
        self.document = document
        self.offset = offset
    }

    /// Nil where it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(part) : nil
        }
        guard parts.count == 3, numbers.count == 3 else { return nil }
        self.init(at: Instant(milliseconds: numbers[0]), document: numbers[1], offset: numbers[2])
    }

    package var description: String { "\(at.milliseconds)-\(document)-\(offset)" }
}

extension StoreReader {
    /// What the agency sent, oldest first.
    ///
    /// - Parameters:
    ///   - since: accepted at this time or later; of no account where `position` is given.
    ///   - limit: of documents.
    ///   - deliveriesMax: of all of them together; the last document may come with a part of its own.
    package func outbox(
        sender: AgencyCode, since: Instant, from position: OutboxPosition? = nil, limit: Int,
        deliveriesMax: Int = 2000
    ) throws(StorageError) -> OutboxPage {
        try read { reader throws(DatabaseError) in
            let found = try reader.sent(
                sender, since: position?.at ?? since, from: position?.document ?? 0, limit: limit + 1)
            var sent: [SentDocument] = []
            var left = Int64(deliveriesMax)
            for details in found {
                let at = details.document.summary.acceptedAt
                var range = details.deliveries
                if sent.isEmpty, let position, position.document == details.id {
                    let first = range.lowerBound + min(position.offset, details.deliveryCount)
                    range = first..<range.upperBound
                }
                let offset = range.lowerBound - details.firstDelivery
                guard sent.count < limit, left > 0 else {
                    let next = OutboxPosition(at: at, document: details.id, offset: offset)
                    return OutboxPage(documents: sent, next: next)
                }
                let part = range.lowerBound..<min(range.upperBound, range.lowerBound + left)
                sent.append(try reader.sent(details, part))
                left -= part.upperBound - part.lowerBound
                guard part.upperBound == range.upperBound else {
                    let next = OutboxPosition(
                        at: at, document: details.id, offset: part.upperBound - details.firstDelivery)
                    return OutboxPage(documents: sent, next: next)
                }
            }
            return OutboxPage(documents: sent, next: nil)
        }
    }
}

extension ReaderConnection {
    fileprivate func sent(_ details: Details, _ range: Range<Int64>) throws(DatabaseError) -> SentDocument {
        let requests = try requests(details, range)
        let deliveries = try deliveries(details, range).map { delivery in
            SentDocument.Delivery(
                recipient: delivery.recipient, lastStatus: delivery.lastStatus,
                cycle: LifeCycle(
                    delivery: delivery.state, progress: delivery.progress,
                    request: requests[delivery.id]?.request))
        }
        return SentDocument(summary: details.document.summary, deliveries: deliveries)
    }
}
