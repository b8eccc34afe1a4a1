internal import Exchange
internal import Hub
internal import JSON
internal import Storage

/// A document's trail as JSON, cut to what its reader may see.
///
/// A recipient sees itself and whom else the letter names, but not when the others took it: that is between
/// them and the sender.
struct TrailDocument {
    let document: StoredDocument
    let trail: Trail
    let viewer: Caller
    /// Those that the viewer may know of.
    let relations: [TrailRelation]
    /// The hub asks a timestamp authority.
    let stampsTime: Bool

    private var seesEverything: Bool {
        viewer.agency.map { $0.code == document.summary.sender || $0.code == document.caller } ?? true
    }

    private func isVisible(_ recipient: AgencyCode) -> Bool {
        seesEverything || viewer.agency?.code == recipient
    }

    var json: [UInt8] {
        let summary = document.summary
        return JSONWriter.object { writer in
            writer.member("documentKey", summary.key.description)
            writer.member("documentId", summary.documentID)
            writer.member("kind", summary.kind.rawValue)
            writer.member("sender", summary.sender)
            if let caller = document.caller { writer.member("sentBy", caller) }
            writer.member("code", document.code)
            writer.member("promulgationDate", document.promulgationDate)
            // An auditor follows who did what; what the letter says is not the auditor's business.
            if viewer.agency != nil { writer.member("subject", summary.subject) }
            writer.member("priority", summary.priority.rawValue)
            writer.member("size", summary.byteCount)
            writer.member("sha256", summary.sha256.hex)
            writer.member("acceptedAt", summary.acceptedAt)
            writer.member("logIndex", trail.leafIndex)
            writer.name("verdict")
            writer.raw(trail.verdict)
            writer.name("verdicts")
            writer.array(trail.laterVerdicts) { write($1, into: &$0) }
            if let hold = trail.hold { write(hold, into: &writer) }
            if let evidence = trail.evidence {
                writer.name("evidence")
                write(evidence, into: &writer)
            }
            writeTimestamp(into: &writer)
            let deliveries = trail.deliveries.filter { isVisible($0.recipient) }
            writer.name("deliveries")
            writer.array(deliveries) { write($1, into: &$0) }
            // What is about the viewer's copy, and what it said itself.
            let visible = Set(deliveries.map(\.id))
            let statuses = trail.statuses.filter { status in
                isVisible(status.agency) || status.delivery.map(visible.contains) ?? false
            }
            writer.name("statuses")
            writer.array(statuses) { writer, status in
                writer.object { object in
                    object.member("agency", status.agency)
                    object.member("code", status.code)
                    object.member("title", optional: BusinessStatus(rawValue: status.code)?.title)
                    object.member("description", status.description)
                    object.member("timestamp", status.timestamp)
                    object.member("receivedAt", status.receivedAt)
                    object.member("documentKey", status.key.description)
                    object.member("logIndex", status.leafIndex)
                    if status.isOutOfOrder { object.member("outOfOrder", true) }
                }
            }
            writer.name("relations")
            writer.array(relations) { write($1, into: &$0) }
        }
    }

    private func write(_ relation: TrailRelation, into writer: inout JSONWriter) {
        let verb =
            switch relation.operation {
            case .recall: relation.isActive ? "recalls" : "recalledBy"
            case .update: relation.isActive ? "updates" : "updatedBy"
            case .replacement: relation.isActive ? "replaces" : "replacedBy"
            }
        writer.object { object in
            object.member("relation", verb)
            object.member("documentKey", relation.key.description)
            object.member("documentId", relation.documentID)
            object.member("acceptedAt", relation.acceptedAt)
        }
    }

    /// A letter judged again: beside the first verdict, never instead of it.
    private func write(_ later: TrailVerdict, into writer: inout JSONWriter) {
        writer.object { object in
            object.member("at", later.at)
            object.member("indication", later.indication)
            object.member("logIndex", later.leafIndex)
            if let evidence = later.evidence {
                object.name("evidence")
                write(evidence, into: &object)
            }
            object.name("verdict")
            object.raw(later.verdict)
        }
    }

    private func write(_ hold: TrailHold, into writer: inout JSONWriter) {
        writer.name("hold")
        writer.object { object in
            object.member("until", hold.hold.until)
            object.member("atDeadline", hold.hold.atDeadline.rawValue)
            object.member(
                "state", hold.ended.map { $0.outcome == .release ? "released" : "refused" } ?? "held")
            if let ended = hold.ended { object.member("endedAt", ended.at) }
        }
    }

    private func write(_ evidence: TrailEvidence, into writer: inout JSONWriter) {
        writer.object { object in
            object.member("sha256", evidence.sha256.hex)
            object.member("trust", evidence.trust.hex)
            object.member("items", evidence.itemCount)
        }
    }

    /// Nothing where the hub asks nobody for timestamps and none covers the entry.
    private func writeTimestamp(into writer: inout JSONWriter) {
        guard stampsTime || trail.timestamp != nil else { return }
        writer.name("timestamp")
        writer.object { object in
            object.member("state", trail.timestamp == nil ? "pending" : "stamped")
            if let timestamp = trail.timestamp {
                object.member("at", timestamp.at)
                object.member("treeSize", timestamp.size)
            }
        }
    }

    private func write(_ delivery: TrailDelivery, into writer: inout JSONWriter) {
        writer.object { object in
            object.member("recipient", delivery.recipient)
            object.member("recipientName", delivery.recipientName)
            if let named = delivery.addressedTo { object.member("addressedTo", named) }
            object.member("state", delivery.state.rawValue)
            object.member("stage", delivery.cycle.stage.rawValue)
            object.member("attempts", delivery.attempt)
            if let leasedUntil = delivery.leasedUntil, delivery.state == .leased {
                object.member("leasedUntil", leasedUntil)
            }
            if let deliveredAt = delivery.deliveredAt { object.member("deliveredAt", deliveredAt) }
            object.member("releaseReason", optional: delivery.releaseReason)
            if let key = delivery.withdrawnBy { object.member("withdrawnBy", key.description) }
            if let request = delivery.request { write(request, into: &object) }
            object.name("logIndexes")
            object.array(delivery.leafIndexes) { $0.integer($1) }
        }
    }

    private func write(_ asked: TrailRequest, into writer: inout JSONWriter) {
        writer.name("request")
        writer.object { object in
            object.member("operation", asked.request.operation.rawValue)
            object.member("state", asked.request.state)
            object.member("documentKey", asked.by.description)
            object.member("askedAt", asked.at)
            if let answered = asked.answeredAt { object.member("answeredAt", answered) }
        }
    }
}
