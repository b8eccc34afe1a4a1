/// One thing that is wrong with a data directory.
package struct DoctorFinding: Sendable, Equatable {
    package enum Code: String, Sendable, CaseIterable {
        /// The database cannot be opened or read.
        case databaseUnreadable = "database_unreadable"
        /// SQLite's own check found pages or indexes that contradict each other.
        case databaseDamaged = "database_damaged"
        /// The database is not a hub's, or of another release.
        case schemaOther = "schema_other"
        /// The entries do not give the root that was signed.
        case rootDiffers = "root_differs"
        /// An entry is missing or cannot be read.
        case entryDamaged = "entry_damaged"
        /// A tile is missing, or does not follow from the entries.
        case tileDiffers = "tile_differs"
        /// A stored checkpoint is not signed by the log's key, or cannot be read.
        case checkpointInvalid = "checkpoint_invalid"
        /// A stored checkpoint tells of another tree.
        case checkpointDiffers = "checkpoint_differs"
        /// The payload log does not go as far as the database, or lacks what ties them together.
        case payloadLogShort = "payload_log_short"
        /// The payload log knows of a longer log than the database.
        case databaseBehind = "database_behind"
        /// A segment file is missing or has no header.
        case segmentDamaged = "segment_damaged"
        /// A record of the payload log that is no letter is damaged.
        case recordDamaged = "record_damaged"
        /// A letter's bytes are missing or others than those that were received.
        case payloadDamaged = "payload_damaged"
        /// A letter's entry in the log is missing, or tells of another letter.
        case documentUnlogged = "document_unlogged"
        /// A letter's deliveries are missing, or belong to another letter.
        case deliveriesDiffer = "deliveries_differ"
        /// The stored counts are not those of the rows.
        case countsDiffer = "counts_differ"
    }

    package let code: Code
    /// A path in the data directory, or a table with a row.
    package let place: String
    /// Vietnamese: what was found.
    package let detail: String

    init(_ code: Code, _ place: String, _ detail: String) {
        self.code = code
        self.place = place
        self.detail = detail
    }
}

extension DoctorFinding.Code {
    /// Vietnamese: what to do.
    package var remedy: String {
        switch self {
        case .databaseUnreadable, .databaseDamaged:
            "Giữ nguyên một bản sao của thư mục dữ liệu, rồi khôi phục từ bản sao lưu mới nhất."
        case .schemaOther: "Dùng đúng phiên bản phần mềm đã ghi dữ liệu này, hoặc phiên bản mới hơn."
        case .rootDiffers, .entryDamaged, .checkpointDiffers:
            "Không chạy trục trên dữ liệu này. Khôi phục từ bản sao lưu, đối chiếu với bản sao của kiểm toán."
        case .tileDiffers, .countsDiffer:
            "Khôi phục từ bản sao lưu; nhật ký và văn bản vẫn nguyên vẹn, có thể trích ra trước."
        case .checkpointInvalid: "Kiểm tra log.key và khóa --key có đúng của trục này không."
        case .payloadLogShort, .segmentDamaged:
            "Tìm tệp bị mất hoặc bị cắt ở bản sao lưu, hoặc khôi phục cả thư mục."
        case .databaseBehind:
            "Tìm bản cơ sở dữ liệu mới hơn; nếu không có, quyết định rồi chạy lienthongd --roll-forward."
        case .recordDamaged: "Nội dung văn bản không bị ảnh hưởng; kiểm tra đĩa."
        case .payloadDamaged:
            "Lấy văn bản này từ bản sao lưu hoặc xin nơi gửi; kiểm tra đĩa. Văn bản khác vẫn dùng được."
        case .documentUnlogged, .deliveriesDiffer:
            "Khôi phục từ bản sao lưu; giữ bản hỏng để điều tra."
        }
    }
}

/// What an examination of a data directory found.
package struct DoctorReport: Sendable {
    /// Of a directory that is damaged all over, the first tell as much as all.
    static let findingsMax = 200

    package private(set) var findings: [DoctorFinding] = []
    /// More than `findings` holds, where there are very many.
    package private(set) var findingCount = 0
    package internal(set) var entries: Int64 = 0
    package internal(set) var documents: Int64 = 0
    package internal(set) var checkpoints: Int64 = 0
    /// Of letters, in bytes.
    package internal(set) var payloadBytes: Int64 = 0
    /// In the segment files, without any letter that needs it.
    package internal(set) var garbageBytes: Int64 = 0

    package var isSound: Bool { findingCount == 0 }

    mutating func add(_ code: DoctorFinding.Code, _ place: String, _ detail: String) {
        findingCount += 1
        if findings.count < Self.findingsMax { findings.append(DoctorFinding(code, place, detail)) }
    }
}
