internal import Database
internal import Exchange

/// Webhooks and what waits to be pushed to them.
final class WebhookTable {
    /// Pushes that wait for one hook. Its agency finds what was not pushed in its inbox all the same.
    private static let waitingMax = 10_000

    private struct Hook {
        let id: Int64
        let kinds: Set<ExchangeNotice.Kind>
        var waiting: Int
    }

    private let connection: SQLiteConnection
    private let insert: SQLiteStatement
    /// Active ones; read anew when something about them changed.
    private var hooks: [AgencyCode: [Hook]]?

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        self.connection = connection
        insert = try connection.prepare(
            "INSERT INTO webhook_pushes(webhook, kind, document, delivery, at) VALUES(?,?,?,?,?)")
    }

    /// What a rollback, or a change of hooks, made untrue.
    func forget() { hooks = nil }

    /// Queues what agencies with hooks want to know, in the same commit as what they are told of.
    func note(
        _ changes: [Change], _ results: [Result<Outcome, Rejection>], at: Instant
    ) throws(DatabaseError) {
        var known = try loaded()
        // Nearly always: nobody has a hook, and a letter costs nothing more.
        guard !known.isEmpty else { return }
        for (change, result) in zip(changes, results) {
            guard case .success(let outcome) = result else { continue }
            for notice in ExchangeNotice.notices(of: change, outcome) {
                guard var own = known[notice.agency] else { continue }
                for index in own.indices where own[index].kinds.contains(notice.kind) {
                    if own[index].waiting >= Self.waitingMax {
                        try drop(own[index].id)
                    } else {
                        try put(notice, own[index].id, at)
                        own[index].waiting += 1
                    }
                }
                known[notice.agency] = own
            }
        }
        hooks = known
    }

    private func loaded() throws(DatabaseError) -> [AgencyCode: [Hook]] {
        if let hooks { return hooks }
        var found: [AgencyCode: [Hook]] = [:]
        let select = try connection.prepare(
            """
            SELECT a.code, h.id, h.events, (SELECT count(*) FROM webhook_pushes WHERE webhook = h.id)
            FROM webhooks h JOIN agencies a ON a.id = h.agency WHERE h.state = 0
            """)
        for row in try select.all({ ($0.text(0), $0.integer(1), $0.text(2), $0.integer(3)) }) {
            found[ExactString(row.0), default: []].append(
                Hook(id: row.1, kinds: Set(ExchangeNotice.Kind.list(row.2)), waiting: Int(row.3)))
        }
        hooks = found
        return found
    }

    func put(_ notice: ExchangeNotice, _ webhook: Int64, _ at: Instant) throws(DatabaseError) {
        insert.bind(1, webhook)
        insert.bind(2, notice.kind.rawValue)
        insert.bind(3, notice.document?.bytes)
        insert.bind(4, notice.delivery)
        insert.bind(5, at.milliseconds)
        try insert.run()
    }

    private func drop(_ webhook: Int64) throws(DatabaseError) {
        try run("UPDATE webhooks SET dropped = dropped + 1 WHERE id = ?") { $0.bind(1, webhook) }
    }

    func count(agency: Int64) throws(DatabaseError) -> Int {
        let select = try connection.prepare("SELECT count(*) FROM webhooks WHERE agency = ?")
        select.bind(1, agency)
        return Int(try select.first { $0.integer(0) } ?? 0)
    }

    func add(
        agency: Int64, url: String, secret: [UInt8], kinds: [ExchangeNotice.Kind], at: Instant
    ) throws(DatabaseError) -> Int64 {
        let add = try connection.prepare(
            """
            INSERT INTO webhooks(agency, url, secret, events, created_at, state, next_at, attempt)
            VALUES(?,?,?,?,?,0,0,0) RETURNING id
            """)
        add.bind(1, agency)
        add.bind(2, url)
        add.bind(3, secret)
        add.bind(4, kinds.map(\.rawValue).joined(separator: ","))
        add.bind(5, at.milliseconds)
        forget()
        return try add.first { $0.integer(0) } ?? 0
    }

    /// Whose hook it is; nil where there is none, or it is another agency's than the one that asks.
    func owner(of id: Int64, for agency: AgencyCode?) throws(DatabaseError) -> AgencyCode? {
        let select = try connection.prepare(
            "SELECT a.code FROM webhooks h JOIN agencies a ON a.id = h.agency WHERE h.id = ?")
        select.bind(1, id)
        guard let owner = try select.first({ AgencyCode($0.text(0)) }) else { return nil }
        return agency.map { $0 == owner } ?? true ? owner : nil
    }

    func remove(_ id: Int64) throws(DatabaseError) {
        try run("DELETE FROM webhook_pushes WHERE webhook = ?") { $0.bind(1, id) }
        try run("DELETE FROM webhooks WHERE id = ?") { $0.bind(1, id) }
        forget()
    }

    func enable(_ id: Int64) throws(DatabaseError) {
        try run(
            "UPDATE webhooks SET state = 0, next_at = 0, attempt = 0, failing_since = NULL WHERE id = ?"
        ) { $0.bind(1, id) }
        forget()
    }

    func succeed(_ push: WebhookPush, at: Instant) throws(DatabaseError) {
        try run("DELETE FROM webhook_pushes WHERE id = ?") { $0.bind(1, push.id) }
        try run(
            """
            UPDATE webhooks SET next_at = 0, attempt = 0, failing_since = NULL, last_error = NULL,
            succeeded_at = ? WHERE id = ?
            """
        ) {
            $0.bind(1, at.milliseconds)
            $0.bind(2, push.webhook)
        }
        forget()
    }

    func fail(_ push: WebhookPush, _ failure: WebhookFailure, at: Instant) throws(DatabaseError) {
        try run("DELETE FROM webhook_pushes WHERE webhook = ? AND at < ?") {
            $0.bind(1, push.webhook)
            $0.bind(2, failure.dropsBefore.milliseconds)
        }
        let dropped = connection.changes
        try run(
            """
            UPDATE webhooks SET next_at = ?, attempt = attempt + 1, last_error = ?, dropped = dropped + ?,
            failing_since = coalesce(failing_since, ?) WHERE id = ?
            """
        ) {
            $0.bind(1, failure.nextAt.milliseconds)
            $0.bind(2, String(failure.error.unicodeScalars.prefix(200).map(Character.init)))
            $0.bind(3, dropped)
            $0.bind(4, at.milliseconds)
            $0.bind(5, push.webhook)
        }
        forget()
    }

    /// What waits is given up with it: a letter stays in the inbox whoever was told of it.
    func disable(_ id: Int64) throws(DatabaseError) {
        try run(
            """
            UPDATE webhooks SET state = 1,
            dropped = dropped + (SELECT count(*) FROM webhook_pushes WHERE webhook = ?1) WHERE id = ?1
            """
        ) { $0.bind(1, id) }
        try run("DELETE FROM webhook_pushes WHERE webhook = ?") { $0.bind(1, id) }
        forget()
    }

    private func run(_ sql: String, _ bind: (SQLiteStatement) -> Void) throws(DatabaseError) {
        let statement = try connection.prepare(sql)
        bind(statement)
        try statement.run()
    }
}

extension ExchangeNotice.Kind {
    /// As the database has several.
    static func list(_ text: String) -> [ExchangeNotice.Kind] {
        text.split(separator: ",").compactMap { ExchangeNotice.Kind(rawValue: String($0)) }
    }
}
