internal import AuditLog
internal import Database
internal import Exchange
internal import OpenSSL

/// What recipients do with deliveries.
extension Store {
    private static let leaseSeconds = 1...86_400
    private static let leasesMax = 1000
    /// Lapsed leases of one call: the other changes of the batch wait for them.
    private static let expiredMax = 1000

    func lease(
        _ recipient: AgencyCode, limit: Int, seconds: Int, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let agency = try agencies.existing(recipient) else { return .success(.leased([])) }
        let until = batch.at.adding(seconds: Int64(Self.clamp(seconds)))
        let queued = try deliveries.queued(recipient: agency, limit: min(max(limit, 1), Self.leasesMax))
        guard !queued.isEmpty else { return .success(.leased([])) }
        let random = SecureRandom.bytes(16 * queued.count)
        var leased: [LeasedDelivery] = []
        leased.reserveCapacity(queued.count)
        for (index, delivery) in queued.enumerated() {
            let attempt = delivery.attempt + 1
            guard let token = LeaseToken(bytes: Array(random[16 * index..<16 * index + 16])) else { continue }
            try deliveries.lease(delivery.id, attempt: attempt, token: token, until: until)
            let facts = DeliveryFacts(
                delivery: delivery.id, documentKey: delivery.document.key, recipient: recipient,
                attempt: attempt)
            try append(
                .deliveryLeased(facts, until: until), toStoryOf: delivery.documentID, delivery: delivery.id,
                &batch)
            batch.counts.move(.queued, to: .leased)
            leased.append(
                LeasedDelivery(
                    id: delivery.id, token: token, leasedUntil: until, attempt: attempt,
                    document: delivery.document))
        }
        return .success(.leased(leased))
    }

    private static func clamp(_ seconds: Int) -> Int {
        min(max(seconds, leaseSeconds.lowerBound), leaseSeconds.upperBound)
    }

    func acknowledge(
        _ id: Int64, _ recipient: AgencyCode, _ token: LeaseToken, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let delivery = try find(id, of: recipient) else { return .failure(.unknownDelivery) }
        if delivery.state == .delivered, Self.holds(token, delivery) { return .success(.acknowledged) }
        if delivery.state == .withdrawn { return .failure(.withdrawn) }
        guard delivery.state == .leased, Self.holds(token, delivery) else { return .failure(.staleLease) }
        try deliveries.deliver(id, at: batch.at)
        try append(
            .deliveryAcknowledged(Self.facts(delivery)), toStoryOf: delivery.document, delivery: id, &batch)
        batch.counts.move(.leased, to: .delivered)
        batch.quota?.add(-1, of: delivery.sender)
        return .success(.acknowledged)
    }

    func release(
        _ id: Int64, _ recipient: AgencyCode, _ token: LeaseToken, reason: String?, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let delivery = try find(id, of: recipient) else { return .failure(.unknownDelivery) }
        if delivery.state == .withdrawn { return .failure(.withdrawn) }
        guard delivery.state == .leased, Self.holds(token, delivery) else { return .failure(.staleLease) }
        let isDead = try giveBack(delivery, reason: reason, .deliveryReleased(Self.facts(delivery)), &batch)
        return .success(.released(isDead: isDead))
    }

    func extend(
        _ id: Int64, _ recipient: AgencyCode, _ token: LeaseToken, seconds: Int, _ at: Instant
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let delivery = try find(id, of: recipient) else { return .failure(.unknownDelivery) }
        if delivery.state == .withdrawn { return .failure(.withdrawn) }
        guard delivery.state == .leased, Self.holds(token, delivery) else { return .failure(.staleLease) }
        let until = at.adding(seconds: Int64(Self.clamp(seconds)))
        try deliveries.extend(id, until: until)
        return .success(.extended(until: until))
    }

    /// By an operator, who has seen to what kept the recipient from taking it.
    func requeue(_ id: Int64, _ batch: inout Batch) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let delivery = try deliveries.find(id) else { return .failure(.unknownDelivery) }
        guard delivery.state == .dead, delivery.attempt > 0 else {
            return .failure(
                Rejection(
                    .deliveryNotDead,
                    "Chỉ đưa lại được lượt giao đã bỏ cuộc sau khi hết số lần; lượt này không phải vậy."))
        }
        if let rejection = try forgetMarks(of: id) { return .failure(rejection) }
        try deliveries.requeue(id)
        try append(
            .deliveryRequeued(Self.facts(delivery)), toStoryOf: delivery.document, delivery: id, &batch)
        batch.counts.move(.dead, to: .queued)
        batch.quota?.add(1, of: delivery.sender)
        return .success(.requeued(recipient: delivery.recipient))
    }

    func expireLeases(_ batch: inout Batch) throws(DatabaseError) -> [ExpiredDelivery] {
        var expired: [ExpiredDelivery] = []
        for delivery in try deliveries.lapsed(at: batch.at, limit: Self.expiredMax) {
            let isDead = try giveBack(delivery, reason: nil, .deliveryExpired(Self.facts(delivery)), &batch)
            expired.append(
                ExpiredDelivery(id: delivery.id, recipient: delivery.recipient, isDead: isDead))
        }
        return expired
    }

    /// Into the inbox again, or nowhere where the attempts are used up.
    private func giveBack(
        _ delivery: DeliveryRow, reason: String?, _ event: LogEvent, _ batch: inout Batch
    ) throws(DatabaseError) -> Bool {
        let isDead = delivery.attempt >= options.attemptsMax
        let state: DeliveryState = isDead ? .dead : .queued
        try deliveries.giveBack(delivery.id, as: state, reason: reason)
        try append(
            isDead ? .deliveryDead(Self.facts(delivery)) : event, toStoryOf: delivery.document,
            delivery: delivery.id, &batch)
        batch.counts.move(.leased, to: state)
        if isDead { batch.quota?.add(-1, of: delivery.sender) }
        return isDead
    }

    /// Another agency's delivery is answered like one that does not exist.
    private func find(_ id: Int64, of recipient: AgencyCode) throws(DatabaseError) -> DeliveryRow? {
        guard let delivery = try deliveries.find(id), delivery.recipient == recipient else { return nil }
        return delivery
    }

    private static func holds(_ token: LeaseToken, _ delivery: DeliveryRow) -> Bool {
        delivery.token.map { ConstantTime.equal($0.bytes, token.bytes) } ?? false
    }

    private static func facts(_ delivery: DeliveryRow) -> DeliveryFacts {
        DeliveryFacts(
            delivery: delivery.id, documentKey: delivery.key, recipient: delivery.recipient,
            attempt: delivery.attempt)
    }
}

extension Rejection {
    fileprivate static let unknownDelivery = Rejection(
        .deliveryNotFound, "Không có lượt phát này trong hộp đến của cơ quan.")
    fileprivate static let withdrawn = Rejection(
        .deliveryWithdrawn,
        "Nơi gửi đã thu hồi hoặc thay thế văn bản này trước khi nó được xác nhận; hãy bỏ bản đã tải về.")
    fileprivate static let staleLease = Rejection(
        .leaseStale, "Mã giữ đã hết hiệu lực; lượt phát này có thể đã được giao lại.")
}
