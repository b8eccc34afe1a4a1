internal import JSON

/// Reads a directory from a spreadsheet saved as CSV (RFC 4180, UTF-8, with or without a byte order mark;
/// commas or semicolons between the fields, as spreadsheets of different languages write them).
///
/// The first line names the columns: `code` and `name`, and any of `aliases` (several parted by a space),
/// `parent`, `level`, `status`, `effectiveFrom`, `effectiveTo`, `successor`, `email`, `telephone`,
/// `address`. Certificates, policies and rights have no column: what an agency has stays.
package enum DirectoryCSV {
    private static let columns: Set<String> = [
        "code", "name", "aliases", "parent", "level", "status", "effectiveFrom", "effectiveTo", "successor",
        "email", "telephone", "address",
    ]

    /// Turns the rows into the directory file that they stand for, so that one reader judges both.
    ///
    /// - Returns: JSON with one agency on each line of the CSV, so that an error's line is the CSV's where no
    ///   field spans lines.
    package static func directoryFile(_ bytes: [UInt8]) throws(DirectoryFileError) -> [UInt8] {
        let rows = try Rows.read(bytes)
        guard let header = rows.first else { throw DirectoryFileError(line: 1, detail: "tệp CSV trống") }
        let names = header.fields.map { $0.trimmingBlanks }
        for (index, name) in names.enumerated() {
            guard columns.contains(name) else {
                throw DirectoryFileError(line: 1, detail: "không có cột \"\(name)\"")
            }
            guard !names[..<index].contains(name) else {
                throw DirectoryFileError(line: 1, detail: "cột \"\(name)\" có hai lần")
            }
        }
        for required in ["code", "name"] where !names.contains(required) {
            throw DirectoryFileError(line: 1, detail: "thiếu cột \"\(required)\"")
        }
        var text: [UInt8] = Array("{\"agencies\":[".utf8)
        var line = 1
        for row in rows.dropFirst() {
            guard row.fields.count == names.count else {
                throw DirectoryFileError(
                    line: row.line, detail: "có \(row.fields.count) ô, tiêu đề có \(names.count) cột")
            }
            text += [UInt8](repeating: 0x0A, count: row.line - line)
            line = row.line
            text += JSONWriter.object { object in write(names, row.fields, into: &object) }
            text.append(0x2C)
        }
        return text + Array("]}".utf8)
    }

    private static func write(_ names: [String], _ fields: [String], into object: inout JSONWriter) {
        let values = zip(names, fields.map(\.trimmingBlanks)).filter { !$1.isEmpty }
        for (name, value) in values {
            switch name {
            case "aliases":
                object.name(name)
                object.array(value.split { $0 == " " || $0 == "|" }) { $0.string(String($1)) }
            case "level":
                if let number = Int64(value) {
                    object.member(name, number)
                } else {
                    object.member(name, value)
                }
            case "email", "telephone", "address": continue
            default: object.member(name, value)
            }
        }
        let contact = values.filter { ["email", "telephone", "address"].contains($0.0) }
        guard !contact.isEmpty else { return }
        object.name("contact")
        object.object { object in
            for (name, value) in contact { object.member(name, value) }
        }
    }
}

/// Rows of a CSV file.
private struct Rows {
    struct Row {
        /// 1-based; where the row begins.
        let line: Int
        let fields: [String]
    }

    private static let fieldBytesMax = 64 << 10

    static func read(_ bytes: [UInt8]) throws(DirectoryFileError) -> [Row] {
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let firstLine = bytes[start...].prefix { $0 != 0x0A }
        let separator: UInt8 = firstLine.contains(0x3B) && !firstLine.contains(0x2C) ? 0x3B : 0x2C
        var rows: [Row] = []
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var line = 1
        var rowLine = 1
        var index = start

        func endField() throws(DirectoryFileError) {
            guard let text = String(validating: field, as: UTF8.self) else {
                throw DirectoryFileError(line: line, detail: "không phải UTF-8")
            }
            fields.append(text)
            field.removeAll(keepingCapacity: true)
        }
        func endRow() throws(DirectoryFileError) {
            if fields.isEmpty, field.isEmpty { return }
            try endField()
            rows.append(Row(line: rowLine, fields: fields))
            fields = []
        }
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isQuoted {
                if byte == 0x22, index < bytes.count, bytes[index] == 0x22 {
                    field.append(byte)
                    index += 1
                } else if byte == 0x22 {
                    isQuoted = false
                } else {
                    if byte == 0x0A { line += 1 }
                    field.append(byte)
                }
            } else if byte == 0x22, field.isEmpty {
                isQuoted = true
            } else if byte == separator {
                try endField()
            } else if byte == 0x0A {
                if field.last == 0x0D { field.removeLast() }
                try endRow()
                line += 1
                rowLine = line
            } else {
                field.append(byte)
            }
            guard field.count <= fieldBytesMax else {
                throw DirectoryFileError(line: rowLine, detail: "một ô dài hơn \(fieldBytesMax) byte")
            }
        }
        guard !isQuoted else { throw DirectoryFileError(line: rowLine, detail: "thiếu dấu nháy kép đóng") }
        try endRow()
        return rows
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        guard utf8.first.map(isBlank) == true || utf8.last.map(isBlank) == true else { return self }
        var rest = Substring(self)
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return String(rest)
    }
}
