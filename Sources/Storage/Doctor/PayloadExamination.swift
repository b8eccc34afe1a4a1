internal import AuditLog
internal import Database
internal import Exchange
internal import Files
internal import JSON
internal import OpenSSL

/// Every document against its bytes, its log entry and its deliveries.
extension Doctor {
    private struct Document {
        let key: DocumentKey
        let sha256: Digest256
        let payload: PayloadLocation
        let signature: PayloadLocation?
        let leaf: Int64
        let deliveryCount: Int64
        let deliveriesFound: Int64
        let entry: [UInt8]
        let sender: String
        let indication: String
        let verdict: [UInt8]
        /// As the log commits to it; nil where its salt was erased.
        let subject: Commitment?
    }

    mutating func examineDocuments(_ connection: SQLiteConnection) throws(DatabaseError) {
        let total =
            try connection.prepare("SELECT coalesce(sum(byte_count), 0) FROM documents").first {
                $0.integer(0)
            } ?? 0
        let rows = try connection.prepare(
            """
            SELECT d.key, d.sha256, d.segment, d.payload_offset, d.byte_count, d.signature_segment,
            d.signature_offset, d.signature_length, d.leaf, d.delivery_count,
            (SELECT count(*) FROM deliveries v WHERE v.id >= d.first_delivery
            AND v.id < d.first_delivery + d.delivery_count AND v.document = d.id),
            (SELECT e.bytes FROM entries e WHERE e.leaf = d.leaf), d.id,
            (SELECT a.code FROM agencies a WHERE a.id = d.sender), d.indication, d.verdict, d.subject, d.salt
            FROM documents d ORDER BY d.id
            """)
        try rows.forEach { row in
            guard let document = Self.document(row) else {
                report.add(.databaseDamaged, "documents \(row.integer(12))", "dòng không đọc được")
                return true
            }
            examine(document)
            report.documents += 1
            if document.payload.segment > 0 { report.payloadBytes += document.payload.length }
            progress(.payloads, report.payloadBytes, total)
            return true
        }
        progress(.payloads, total, total)
    }

    private static func document(_ row: SQLiteStatement) -> Document? {
        guard let key = DocumentKey(bytes: row.bytes(0)), let sha256 = row.digest(1) else { return nil }
        let signature = row.optionalInteger(5).map {
            PayloadLocation(segment: $0, offset: row.integer(6), length: row.integer(7))
        }
        let salt = row.bytes(17)
        let subject: Commitment? =
            salt.count == Commitment.saltByteCount
            ? Commitment(to: row.text(16), field: "subject", salt: salt) : nil
        return Document(
            key: key, sha256: sha256,
            payload: PayloadLocation(
                segment: row.integer(2), offset: row.integer(3), length: row.integer(4)),
            signature: signature, leaf: row.integer(8), deliveryCount: row.integer(9),
            deliveriesFound: row.integer(10), entry: row.bytes(11), sender: row.text(13),
            indication: row.text(14), verdict: row.bytes(15), subject: subject)
    }

    private mutating func examine(_ document: Document) {
        let place = "documents \(document.key)"
        if document.payload.segment > 0 { examine(document.payload, document.sha256, "nội dung", place) }
        if let signature = document.signature { examine(signature, nil, "chữ ký kèm theo", place) }
        if document.deliveriesFound != document.deliveryCount {
            report.add(
                .deliveriesDiffer, place,
                "có \(document.deliveriesFound) lượt phát, phải là \(document.deliveryCount)")
        }
        let others = Self.contradictions(document)
        if !others.isEmpty {
            report.add(
                .documentUnlogged, place,
                "mục \(document.leaf) của nhật ký nói khác: \(others.joined(separator: ", "))")
        }
    }

    /// Members of the entry that tell of another document.
    private static func contradictions(_ document: Document) -> [String] {
        guard let entry = try? JSONReader.read(document.entry) else { return ["không đọc được"] }
        let required = ["documentKey", "sha256"]
        var facts = [
            ("documentKey", document.key.description), ("sha256", document.sha256.hex),
            ("sender", document.sender), ("indication", document.indication),
            ("verdictSha256", SHA256.hash(document.verdict).hex),
        ]
        if let subject = document.subject { facts.append(("subjectCommitment", subject.digest.hex)) }
        // A notice of the hub's own has no signer and no verdict.
        return facts.filter { name, value in
            entry[name].map { $0.string != value } ?? required.contains(name)
        }.map(\.0)
    }

    private mutating func examine(
        _ location: PayloadLocation, _ sha256: Digest256?, _ what: String, _ place: String
    ) {
        if let segments, !segments.contains(location.segment) { return }
        let file = "payload/" + DataDirectory.segmentName(location.segment)
        do throws(StorageError) {
            if let wrong = try PayloadCheck.check(self.place, location, sha256: sha256) {
                report.add(.payloadDamaged, place, "\(what) ở \(file) vị trí \(location.offset): \(wrong)")
            }
        } catch {
            report.add(.payloadDamaged, place, "\(what) ở \(file) không đọc được: \(error.message)")
        }
    }
}

extension Doctor {
    /// What verdicts rest on, each item by the digest that names it.
    mutating func examineEvidence(_ connection: SQLiteConnection) throws(DatabaseError) {
        for reference in try PayloadReference.Owner.evidence.references(connection, in: nil) {
            guard case .digest(let bytes) = reference.key, let sha256 = Digest256(bytes) else {
                report.add(.databaseDamaged, "evidence_items", "dòng không đọc được")
                continue
            }
            examine(reference.location, sha256, "chứng cứ", "evidence_items \(sha256.hex)")
        }
    }
}

/// The segment files by themselves: headers, and the records that are no letters.
extension Doctor {
    mutating func examineSegments(_ position: LogPosition) {
        let numbers: [Int64]
        do throws(FileError) {
            numbers = try Directory.names(in: place.payload).compactMap(DataDirectory.segmentNumber)
        } catch {
            return report.add(.segmentDamaged, "payload", "không liệt kê được: \(error)")
        }
        var letterBytes: Int64 = 0
        for number in numbers where number < position.nextSegment {
            do throws(FileError) {
                letterBytes += try examineSegment(number, position)
            } catch {
                report.add(
                    .segmentDamaged, "payload/" + DataDirectory.segmentName(number),
                    "không đọc được: \(error)")
            }
        }
        report.garbageBytes = max(0, letterBytes - report.payloadBytes)
    }

    /// - Returns: bytes of letters in it, whether or not a document names them.
    private mutating func examineSegment(
        _ number: Int64, _ position: LogPosition
    ) throws(FileError) -> Int64 {
        let name = "payload/" + DataDirectory.segmentName(number)
        let file = try File(place.segment(number), .read)
        let size = number == position.segment ? min(position.end, try file.size()) : try file.size()
        let header = try file.read(at: 0, count: SegmentFormat.segmentHeaderBytes)
        guard SegmentFormat.segmentKind(header) != nil else {
            report.add(.segmentDamaged, name, "đầu tệp bị hỏng")
            return 0
        }
        var letterBytes: Int64 = 0
        var walk = RecordWalk(file: file, size: size)
        while let step = try walk.next() {
            switch step {
            case .record(let record, let offset):
                // Letters are checked one by one, with what the database says of them.
                if record.kind == .document {
                    letterBytes += record.length
                } else if let wrong = try Self.check(record, at: offset, in: file) {
                    report.add(.recordDamaged, "\(name) \(offset)", wrong)
                }
            case .damaged(let offset):
                report.add(.recordDamaged, "\(name) \(offset)", "bản ghi bị hỏng")
            }
        }
        return letterBytes
    }

    private static func check(
        _ record: SegmentFormat.RecordHeader, at offset: Int64, in file: File
    ) throws(FileError) -> String? {
        // What is not a letter is small; a length beyond the file was refused by the walk.
        let start = offset + Int64(SegmentFormat.recordHeaderBytes)
        let body = try file.read(at: start, count: Int(record.length))
        let trailer = try file.read(at: start + record.length, count: SegmentFormat.trailerBytes)
        guard trailer == SegmentFormat.trailer(of: body), SHA256.hash(body) == record.sha256 else {
            return "tổng kiểm tra không khớp"
        }
        return nil
    }
}
