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
            writer.name("deliveries")
            writer.array(trail.deliveries.filter { isVisible($0.recipient) }) { writer, delivery in
                write(delivery, into: &writer)
            }
            writer.name("statuses")
            writer.array(trail.statuses.filter { isVisible($0.agency) }) { writer, status in
                writer.object { object in
                    object.member("agency", status.agency)
                    object.member("code", status.code)
                    object.member("title", optional: BusinessStatus(rawValue: status.code)?.title)
                    object.member("description", status.description)
                    object.member("timestamp", status.timestamp)
                    object.member("receivedAt", status.receivedAt)
                    object.member("documentKey", status.key.description)
                    object.member("logIndex", status.leafIndex)
                }
            }
        }
    }

    private func write(_ delivery: TrailDelivery, into writer: inout JSONWriter) {
        writer.object { object in
            object.member("recipient", delivery.recipient)
            object.member("recipientName", delivery.recipientName)
            if let named = delivery.addressedTo { object.member("addressedTo", named) }
            object.member("state", delivery.state.rawValue)
            object.member("attempts", delivery.attempt)
            if let leasedUntil = delivery.leasedUntil, delivery.state == .leased {
                object.member("leasedUntil", leasedUntil)
            }
            if let deliveredAt = delivery.deliveredAt { object.member("deliveredAt", deliveredAt) }
            object.member("releaseReason", optional: delivery.releaseReason)
            object.name("logIndexes")
            object.array(delivery.leafIndexes) { $0.integer($1) }
        }
    }
}
