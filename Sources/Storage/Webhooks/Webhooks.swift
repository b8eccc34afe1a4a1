internal import AuditLog
internal import Database
internal import Exchange
internal import OpenSSL

/// `Change.webhook`.
extension Store {
    func webhook(
        _ change: WebhookChange, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        switch change {
        case .add(let agency, let url, let secret, let kinds, let max):
            let id = try agencies.number(of: agency)
            guard try webhooks.count(agency: id) < max else {
                return .failure(
                    Rejection(
                        .tooManyWebhooks,
                        "Cơ quan đã có \(max) webhook, là nhiều nhất. Hãy xóa bớt trước khi thêm."))
            }
            let number = try webhooks.add(agency: id, url: url, secret: secret, kinds: kinds, at: batch.at)
            let facts = WebhookFacts(
                webhook: number, agency: agency, urlSHA256: SHA256.hash(Array(url.utf8)))
            try append(.webhook(.added(facts)), to: &batch)
            return .success(.webhook(number))
        case .remove(let id, let agency):
            return try withWebhook(id, agency) { owner throws(DatabaseError) in
                try webhooks.remove(id)
                try append(.webhook(.removed(WebhookFacts(webhook: id, agency: owner))), to: &batch)
            }
        case .enable(let id, let agency):
            return try withWebhook(id, agency) { owner throws(DatabaseError) in
                try webhooks.enable(id)
                try append(.webhook(.enabled(WebhookFacts(webhook: id, agency: owner))), to: &batch)
            }
        case .test(let id, let agency):
            return try withWebhook(id, agency) { owner throws(DatabaseError) in
                try webhooks.put(ExchangeNotice(.test, owner), id, batch.at)
                webhooks.forget()
            }
        case .pushed(let push):
            try webhooks.succeed(push, at: batch.at)
            return .success(.done)
        case .failed(let push, let failure):
            guard try webhooks.owner(of: push.webhook, for: nil) != nil else { return .success(.done) }
            try webhooks.fail(push, failure, at: batch.at)
            guard let notice = failure.notice else { return .success(.done) }
            try webhooks.disable(push.webhook)
            let facts = WebhookFacts(webhook: push.webhook, agency: push.notice.agency)
            try append(.webhook(.disabled(facts)), to: &batch)
            return try accept(notice, &batch)
        }
    }

    private func withWebhook(
        _ id: Int64, _ agency: AgencyCode?, _ body: (AgencyCode) throws(DatabaseError) -> Void
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let owner = try webhooks.owner(of: id, for: agency) else {
            return .failure(Rejection(.notFound, "Không có webhook này."))
        }
        try body(owner)
        return .success(.done)
    }
}
