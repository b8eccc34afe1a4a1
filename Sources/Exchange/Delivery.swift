/// One letter for one recipient.
package enum DeliveryState: String, Sendable, CaseIterable {
    /// Not offered yet: nobody can say whether the signer's certificate was revoked. See `Hold`.
    case held
    /// Waits in the recipient's inbox.
    case queued
    /// Held by the recipient's software until the lease ends.
    case leased
    /// Acknowledged: the recipient has it.
    case delivered
    /// Given up after the configured number of attempts, or never offered because its hold ended in a
    /// refusal; an operator sees it.
    case dead
    /// Taken back before the recipient had it: its sender recalled or replaced the letter.
    case withdrawn

    /// Legal transitions; everything else is a bug or a stale caller.
    package func mayBecome(_ next: DeliveryState) -> Bool {
        switch (self, next) {
        case (.held, .queued), (.held, .dead), (.queued, .leased), (.leased, .delivered),
            (.leased, .queued), (.leased, .dead), (.dead, .queued), (.held, .withdrawn),
            (.queued, .withdrawn), (.leased, .withdrawn), (.dead, .withdrawn):
            true
        // A lease renewed on the same delivery.
        case (.leased, .leased): true
        // Software that takes no lease says what became of a delivery that it saw in a list.
        case (.queued, .delivered), (.queued, .dead): true
        default: false
        }
    }
}

/// What a document is.
package enum DocumentKind: String, Sendable, CaseIterable {
    case letter
    case status
    /// What the hub itself tells: a letter's verdict is another now, a hold has ended. JSON, unsigned; the
    /// log's entry proves it.
    case notice
}

/// A letter is in, but its deliveries wait until somebody can say whether its signer was revoked.
package struct Hold: Sendable, Hashable {
    /// What happens when the time is over and nobody could.
    package enum Outcome: String, Sendable, CaseIterable {
        /// The recipients get the letter, marked as it is.
        case release
        /// They never get it; the sender is told.
        case refuse
    }

    package var until: Instant
    package var atDeadline: Outcome

    package init(until: Instant, atDeadline: Outcome) {
        self.until = until
        self.atDeadline = atDeadline
    }
}

/// Priority of a letter as edXML writes it; higher goes first.
package enum Priority: Int, Sendable, CaseIterable, Comparable {
    case normal = 0
    case urgent = 1
    case moreUrgent = 2
    case express = 3
    case expressTimed = 4

    package static func < (left: Priority, right: Priority) -> Bool { left.rawValue < right.rawValue }
}

/// Business status codes of edXML 1.5.
package enum BusinessStatus: String, Sendable, CaseIterable {
    case arrived = "01"
    case refused = "02"
    case received = "03"
    case assigned = "04"
    case inProgress = "05"
    case completed = "06"
    case recallRequested = "13"
    case agreed = "15"
    case declined = "16"

    /// 05 may come again for the same letter; of every other code the first one counts.
    package var mayRepeat: Bool { self == .inProgress }

    /// The text that goes with the code, in Vietnamese.
    package var title: String {
        switch self {
        case .arrived: "Đã đến"
        case .refused: "Từ chối tiếp nhận"
        case .received: "Đã tiếp nhận, vào sổ"
        case .assigned: "Phân công"
        case .inProgress: "Đang xử lý"
        case .completed: "Hoàn thành"
        case .recallRequested: "Yêu cầu lấy lại"
        case .agreed: "Đồng ý"
        case .declined: "Từ chối"
        }
    }
}

/// A random 128-bit token that proves who holds a lease.
package struct LeaseToken: Hashable, Sendable, CustomStringConvertible {
    package let bytes: [UInt8]

    package init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    package init?(_ text: some StringProtocol) {
        guard let bytes = Hex.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    package var description: String { Hex.encode(bytes) }
}
