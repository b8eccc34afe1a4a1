package import Exchange
internal import Storage

/// What an operator does with letters that their recipients never took.
extension Hub {
    /// An operator has the letter on a disk of his own; `sha256` is of what he has there.
    package func confirmExport(
        of delivery: Int64, sha256: Digest256, by operatorName: String, _ answer: @escaping DeliveryAnswer
    ) {
        submit(.custody(.exported(delivery: delivery, sha256: sha256, by: operatorName))) {
            [metrics] result in
            if case .success = result { metrics.deadLettersExported.add() }
            answer(result)
        }
    }

    /// Tells the letter's sender, by a status 02 in the recipient's place, that it was not delivered and why.
    /// Blocks for a read of the database.
    ///
    /// - Parameter reason: Vietnamese, for the sender's clerk.
    package func returnDeadLetter(
        _ delivery: Int64, reason: String, by operatorName: String, _ answer: @escaping DeliveryAnswer
    ) {
        do throws(StorageError) {
            guard let dead = try reader.deadLetter(delivery) else {
                return answer(
                    .failure(Rejection(.deliveryNotDead, "Không có lượt giao nào đã bỏ cuộc mang số này.")))
            }
            guard dead.document.kind == .letter, let letter = try reader.document(dead.document.key),
                let message = hubStatus.message(
                    .refused, from: dead.recipient, named: dead.recipientName,
                    about: HubStatus.Letter(letter), reason: reason, at: clock.now())
            else {
                return answer(
                    .failure(
                        Rejection(
                            .deadLetterNotReturnable,
                            "Chỉ trả lại được văn bản; thông báo trạng thái và thông báo của trục thì không."
                        )))
            }
            let change = CustodyChange.returned(delivery: delivery, message: message, by: operatorName)
            submit(.custody(change)) { [metrics, inboxes] result in
                if case .success(.accepted(let acceptance)) = result, !acceptance.isReplay {
                    metrics.deadLettersReturned.add()
                    metrics.statusesAccepted.add()
                    inboxes.deliveriesArrived(for: acceptance.recipients)
                }
                answer(result)
            }
        } catch {
            answer(.failure(Rejection(storage: error)))
        }
    }

    package func setLegalHold(
        _ document: DocumentKey, reason: String, by operatorName: String, _ answer: @escaping DeliveryAnswer
    ) {
        submit(.custody(.setLegalHold(document, reason: reason, by: operatorName)), answer)
    }

    package func liftLegalHold(
        _ document: DocumentKey, reason: String, by operatorName: String, _ answer: @escaping DeliveryAnswer
    ) {
        submit(.custody(.liftLegalHold(document, reason: reason, by: operatorName)), answer)
    }
}
