/// What a letter does to earlier ones: BussinessDocType 1, 2, 3.
package enum LetterOperation: String, Sendable, CaseIterable {
    case recall, update
    case replacement = "replace"

    /// As edXML writes it.
    package var number: Int {
        switch self {
        case .recall: 1
        case .update: 2
        case .replacement: 3
        }
    }

    /// Nil for a new letter and for what is no BussinessDocType.
    package init?(number: Int) {
        guard let operation = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = operation
    }

    /// Vietnamese, within a sentence.
    package var title: String {
        switch self {
        case .recall: "thu hồi"
        case .update: "cập nhật"
        case .replacement: "thay thế"
        }
    }
}

/// How far a letter has come with one of its recipients: what the hub did with the copy, what the recipient
/// reported since, and what the sender asks of it. One machine for all three, so that they cannot tell
/// different stories.
///
/// Statuses come from many vendors' software in any order and are never refused for it: what does not follow
/// is recorded and flagged.
package struct LifeCycle: Sendable, Hashable {
    /// The one word for all of it.
    package enum Stage: String, Sendable, CaseIterable {
        case held, queued, leased, delivered
        // What the recipient reported: 01, 02, 03, 04, 05, 06.
        case arrived, refused, received, assigned
        case inProgress = "in_progress"
        case completed
        /// Delivered; the sender wants it back and the recipient has not answered.
        case recallAsked = "recall_asked"
        /// The recipient agreed (15) and gave it back.
        case recalled
        /// Taken out of the inbox before it was taken.
        case withdrawn
        case dead
    }

    /// Something that the sender asks of a recipient that has the letter already.
    package struct Request: Sendable, Hashable {
        package var operation: LetterOperation
        /// 15 or 16; nil while it is open.
        package var answer: BusinessStatus?

        package init(_ operation: LetterOperation, answer: BusinessStatus? = nil) {
            self.operation = operation
            self.answer = answer
        }

        /// `asked`, `agreed`, `declined`.
        package var state: String {
            switch answer {
            case .agreed: "agreed"
            case .declined: "declined"
            default: "asked"
            }
        }
    }

    package enum Order: Sendable, Equatable {
        case inOrder
        /// To be recorded with a flag.
        case outOfOrder
    }

    package var delivery: DeliveryState
    /// One of 01–06, the furthest that was reported; nil before the first.
    package private(set) var progress: BusinessStatus?
    /// The latest.
    package private(set) var request: Request?

    package init(
        delivery: DeliveryState, progress: BusinessStatus? = nil, request: Request? = nil
    ) {
        self.delivery = delivery
        self.progress = progress
        self.request = request
    }

    package var stage: Stage {
        switch delivery {
        case .held: return .held
        case .queued: return .queued
        case .withdrawn: return .withdrawn
        case .dead: return .dead
        case .leased: if progress == nil { return .leased }
        case .delivered: break
        }
        if let request, request.operation == .recall {
            if request.answer == nil { return .recallAsked }
            if request.answer == .agreed { return .recalled }
        }
        switch progress {
        case .arrived: return .arrived
        case .refused: return .refused
        case .received: return .received
        case .assigned: return .assigned
        case .inProgress: return .inProgress
        case .completed: return .completed
        default: return .delivered
        }
    }

    /// A clerk has answered for the letter: taken into the register, refused, or gone beyond that.
    package var isConfirmed: Bool { progress.map { $0 != .arrived } ?? false }

    /// Nothing more is to come: done, refused, withdrawn, given up, or given back.
    package var isClosed: Bool {
        switch stage {
        case .completed, .refused, .withdrawn, .dead, .recalled: true
        default: false
        }
    }

    /// Takes a status of the recipient's: 01–06, 15 or 16.
    ///
    /// - Returns: whether it follows from what was there. A status that runs ahead moves the machine all the
    ///   same, because the recipient ought to know; one that comes late leaves it where it is.
    package mutating func receive(_ status: BusinessStatus) -> Order {
        switch status {
        case .agreed, .declined:
            guard let request, request.answer == nil else { return .outOfOrder }
            self.request?.answer = status
            return .inOrder
        case .recallRequested: return .outOfOrder
        case .arrived, .refused, .received, .assigned, .inProgress, .completed:
            let isHere = delivery == .delivered || delivery == .leased
            let follows = Self.successors(of: progress).contains(status)
            let isAhead = Self.rank(status) > Self.rank(progress)
            // Who refused a letter and then enters it has thought again.
            let hasChangedMind = progress == .refused && status != .arrived && status != .refused
            if follows || isAhead || hasChangedMind { progress = status }
            return isHere && follows ? .inOrder : .outOfOrder
        }
    }

    /// The sender asks for something; what it asked earlier is history.
    package mutating func ask(_ operation: LetterOperation) {
        request = Request(operation)
    }

    /// edXML 1.5. A recipient may begin with 03 or 02: software without a clerk's tray writes no 01.
    private static func successors(of progress: BusinessStatus?) -> [BusinessStatus] {
        switch progress {
        case nil: [.arrived, .refused, .received]
        case .arrived: [.refused, .received]
        case .received: [.assigned, .inProgress, .completed]
        case .assigned, .inProgress: [.inProgress, .completed]
        default: []
        }
    }

    private static func rank(_ progress: BusinessStatus?) -> Int {
        switch progress {
        case nil: 0
        case .arrived: 1
        case .received: 2
        case .assigned: 3
        case .inProgress: 4
        default: 5
        }
    }
}
