package import Exchange
internal import JSON

extension ExchangeReport {
    /// - Parameter name: of an agency, by its code.
    package func json(name: (AgencyCode) -> String?) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("from", question.from)
            writer.member("until", question.until)
            writer.member("at", at)
            writer.name("by")
            writer.array(dimensions) { $0.string($1.rawValue) }
            writer.name("rows")
            writer.array(rows) { writer, item in
                writer.object { object in
                    Self.write(item.row, name: item.row.agency.flatMap(name), into: &object)
                    Self.write(item.figures, into: &object)
                }
            }
        }
    }

    private var dimensions: [ReportQuestion.Dimension] {
        ReportQuestion.Dimension.allCases.filter(question.by.contains)
    }

    private static func write(_ row: Row, name: String?, into object: inout JSONWriter) {
        object.member("direction", row.direction.rawValue)
        if let agency = row.agency { object.member("agency", agency) }
        object.member("name", optional: name)
        object.member("month", optional: row.month)
        object.member("kind", optional: row.kind)
        if let priority = row.priority { object.member("priority", priority) }
        if let level = row.level { object.member("level", level) }
    }

    private static func write(_ figures: ReportFigures, into object: inout JSONWriter) {
        for (name, number) in figures.counts { object.member(name, number) }
        for (name, share) in figures.shares {
            guard let share else { continue }
            object.name(name)
            object.number(share)
        }
        for (name, seconds) in figures.durations {
            if let seconds { object.member(name, seconds) }
        }
    }

    /// RFC 4180 in UTF-8. What has no value is an empty field.
    ///
    /// - Parameter hasMark: begins with a byte order mark, without which spreadsheets take the text for
    ///   another encoding.
    package func csv(hasMark: Bool, name: (AgencyCode) -> String?) -> [UInt8] {
        var text: [UInt8] = hasMark ? [0xEF, 0xBB, 0xBF] : []
        var columns = ["direction"]
        for dimension in dimensions {
            columns.append(dimension.rawValue)
            if dimension == .agency { columns.append("name") }
        }
        let empty = ReportFigures()
        columns += empty.counts.map(\.name) + empty.shares.map(\.name) + empty.durations.map(\.name)
        Self.append(columns, to: &text)
        for (row, figures) in rows {
            var fields = [row.direction.rawValue]
            for dimension in dimensions {
                switch dimension {
                case .agency:
                    fields.append(row.agency?.string ?? "")
                    fields.append(row.agency.flatMap(name) ?? "")
                case .month: fields.append(row.month ?? "")
                case .kind: fields.append(row.kind ?? "")
                case .priority: fields.append(row.priority.map(String.init) ?? "")
                case .level: fields.append(row.level.map(String.init) ?? "")
                }
            }
            fields += figures.counts.map { String($0.number) }
            fields += figures.shares.map { $0.share.map { "\($0)" } ?? "" }
            fields += figures.durations.map { $0.seconds.map(String.init) ?? "" }
            Self.append(fields, to: &text)
        }
        return text
    }

    private static func append(_ fields: [String], to text: inout [UInt8]) {
        for (index, field) in fields.enumerated() {
            if index > 0 { text.append(0x2C) }
            text += CSVField.bytes(field)
        }
        text += [0x0D, 0x0A]
    }
}

extension ReportFigures {
    fileprivate var counts: [(name: String, number: Int)] {
        [
            ("letters", letters), ("signed", signed), ("copies", copies), ("confirmed", confirmed),
            ("confirmedSameDay", confirmedSameDay), ("unconfirmedOverdue", unconfirmedOverdue),
            ("dueOverdue", dueOverdue),
        ]
    }

    fileprivate var shares: [(name: String, share: Double?)] {
        func rounded(_ part: Int, _ whole: Int) -> Double? {
            Self.share(part, of: whole).map { ($0 * 10_000).rounded() / 10_000 }
        }
        return [
            ("signedShare", rounded(signed, letters)),
            ("confirmedSameDayShare", rounded(confirmedSameDay, copies)),
        ]
    }

    fileprivate var durations: [(name: String, seconds: Int64?)] {
        [
            ("received03MedianSeconds", toReceived.quantile(0.5)),
            ("received03P90Seconds", toReceived.quantile(0.9)),
            ("completed06MedianSeconds", toCompleted.quantile(0.5)),
            ("completed06P90Seconds", toCompleted.quantile(0.9)),
        ]
    }
}

/// A field of a CSV file that people open in a spreadsheet.
enum CSVField {
    /// A spreadsheet computes what begins with one of these; a name that an agency chose must not be able to.
    private static let formulaStarts: Set<UInt8> = [0x3D, 0x2B, 0x2D, 0x40, 0x09, 0x0D, 0x0A]

    static func bytes(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        // A spreadsheet that drops blanks in front finds the formula behind them.
        let start = bytes.first { $0 != 0x20 }
        if let start, formulaStarts.contains(start) || text.unicodeScalars.first.map(isWideStart) == true {
            bytes.insert(0x27, at: 0)
        }
        guard bytes.contains(where: { [0x22, 0x2C, 0x3B, 0x0A, 0x0D].contains($0) }) else { return bytes }
        var quoted: [UInt8] = [0x22]
        for byte in bytes {
            if byte == 0x22 { quoted.append(byte) }
            quoted.append(byte)
        }
        return quoted + [0x22]
    }

    /// The same signs in their full width, which some spreadsheets take for the plain ones.
    private static func isWideStart(_ scalar: Unicode.Scalar) -> Bool {
        [0xFF1D, 0xFF0B, 0xFF0D, 0xFF20].contains(scalar.value)
    }
}
