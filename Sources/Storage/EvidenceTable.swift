internal import Database
internal import Exchange

/// Sets of evidence and their items, each stored once.
final class EvidenceTable {
    /// Looked up lately. Letters of one agency rest on the same set for as long as its revocation list lasts.
    private static let knownMax = 20_000
    private var known: [Digest256: Int64] = [:]

    private let selectSet: SQLiteStatement
    private let insertSet: SQLiteStatement
    private let selectItem: SQLiteStatement
    private let insertItem: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        selectSet = try connection.prepare("SELECT id FROM evidence_sets WHERE sha256 = ?")
        insertSet = try connection.prepare(
            "INSERT INTO evidence_sets(sha256, trust, items) VALUES(?,?,?) RETURNING id")
        selectItem = try connection.prepare("SELECT 1 FROM evidence_items WHERE sha256 = ?")
        insertItem = try connection.prepare(
            "INSERT INTO evidence_items(sha256, segment, item_offset, length) VALUES(?,?,?,?)")
    }

    /// What a rollback made untrue.
    func forget() {
        known = [:]
    }

    /// The set's number; what is new in it becomes part of the batch.
    func number(of evidence: Evidence, _ payload: inout PayloadBatch) throws(DatabaseError) -> Int64 {
        if let id = known[evidence.sha256] { return id }
        selectSet.bind(1, evidence.sha256)
        let id: Int64
        if let found = try selectSet.first({ $0.integer(0) }) {
            id = found
        } else {
            for item in evidence.items { try keep(item, &payload) }
            insertSet.bind(1, evidence.sha256)
            insertSet.bind(2, evidence.trust)
            insertSet.bind(
                3, Evidence.encode(evidence.items.map { EvidenceReference($0.kind, $0.sha256) }))
            id = try insertSet.first { $0.integer(0) } ?? 0
        }
        if known.count >= Self.knownMax { known = [:] }
        known[evidence.sha256] = id
        return id
    }

    private func keep(_ item: Evidence.Item, _ payload: inout PayloadBatch) throws(DatabaseError) {
        selectItem.bind(1, item.sha256)
        guard try selectItem.first({ _ in true }) == nil else { return }
        let place = payload.add(item.bytes, .evidence, sha256: item.sha256)
        insertItem.bind(1, item.sha256)
        insertItem.bind(2, place.segment)
        insertItem.bind(3, place.offset)
        insertItem.bind(4, place.length)
        try insertItem.run()
    }
}
