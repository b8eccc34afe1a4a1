internal import Exchange
internal import Hub
internal import JSON

/// A country's directory made of numbers: agencies in four levels with names as they are, their codes of both
/// forms, and the administrative nodes that senders do not see.
struct BenchCountry {
    private(set) var agencies: [Agency] = []

    /// Level 1, then what hangs below: one in 25 is at level 2, one in four at level 3, the rest at level 4.
    init(count: Int) {
        let tops = min(100, max(2, count / 1250))
        let seconds = max(tops, count / 25)
        let thirds = max(seconds, count / 4)
        // K: none of the throw-away hub's own agencies, whose certificates an import would take away.
        var codes: [String] = []
        agencies.reserveCapacity(count)
        codes.reserveCapacity(count)
        for number in 0..<count {
            let level = number < tops ? 1 : number < seconds ? 2 : number < thirds ? 3 : 4
            let span = [0..<0, 0..<tops, tops..<max(seconds, tops + 1), seconds..<max(thirds, seconds + 1)]
            let parents = span[level - 1].clamped(to: 0..<number)
            let parent = parents.isEmpty ? nil : parents.lowerBound + number % parents.count
            // The group counts on within a parent: no two children of one are alike.
            let group = number / max(1, parents.count) + 1
            let isNode = level == 2 && number % 40 == 0
            let code =
                parent.map { "\(codes[$0]).\(isNode ? "W00.\(group)" : String(group))" } ?? "K\(10 + number)"
            codes.append(code)
            var agency = Agency(code: AgencyCode(code), name: Self.name(number, level))
            agency.level = level
            agency.parent = parent.map { AgencyCode(codes[$0]) }
            agency.status = isNode ? .hidden : .active
            if let former = agency.formerCode, former.string.utf8.count <= 16 { agency.aliases = [former] }
            agency.contact.email = "vanthu@\(number).mau.example"
            agencies.append(agency)
        }
        dropDoubledAliases()
    }

    private mutating func dropDoubledAliases() {
        var taken: Set<AgencyCode> = []
        for index in agencies.indices {
            agencies[index].aliases.removeAll { !taken.insert($0).inserted }
        }
    }

    private static let provinces = [
        "Lạng Sơn", "Cao Bằng", "Thái Nguyên", "Quảng Ninh", "Nghệ An", "Hà Tĩnh", "Đà Nẵng", "Đồng Nai",
        "Cần Thơ", "Cà Mau", "Lâm Đồng", "Khánh Hòa", "Đắk Lắk", "Tây Ninh", "Vĩnh Long", "Thanh Hóa",
    ]
    private static let departments = [
        "Nội vụ", "Khoa học và Công nghệ", "Tài chính", "Xây dựng", "Y tế", "Giáo dục và Đào tạo", "Tư pháp",
        "Nông nghiệp và Môi trường", "Công Thương", "Văn hóa, Thể thao và Du lịch",
    ]
    private static let places = [
        "Đông Kinh", "Tam Thanh", "Kỳ Lừa", "Hữu Lũng", "Bình Gia", "Thất Khê", "Na Sầm", "Lộc Bình",
        "Mường Lát", "Quỳ Châu", "Ngọc Lặc", "Phú Thịnh", "Ea Súp", "Tân Biên", "Vĩnh Tường", "Ông Đốc",
    ]

    private static func name(_ number: Int, _ level: Int) -> String {
        let province = provinces[number % provinces.count]
        let department = departments[number / 7 % departments.count]
        let place = places[number / 3 % places.count]
        return switch level {
        case 1: "Ủy ban nhân dân tỉnh \(province) (mẫu \(number))"
        case 2: "Sở \(department) tỉnh \(province) (mẫu \(number))"
        case 3: "Ủy ban nhân dân xã \(place) \(number), tỉnh \(province) (mẫu)"
        default: "Phòng \(department) xã \(place) \(number), tỉnh \(province) (mẫu)"
        }
    }

    /// As a spreadsheet saves it.
    var csv: [UInt8] {
        var text: [UInt8] = Array("code,name,aliases,parent,level,status,email\r\n".utf8)
        for agency in agencies {
            let fields = [
                agency.code.string, "\"\(agency.name)\"", agency.aliases.map(\.string).joined(separator: " "),
                agency.parent?.string ?? "", String(agency.level), agency.status.rawValue,
                agency.contact.email,
            ]
            text += Array((fields.joined(separator: ",") + "\r\n").utf8)
        }
        return text
    }

    /// As people write it: comments, and a comma behind the last one.
    var json5: [UInt8] {
        var text: [UInt8] = Array("// Danh bạ mẫu\n{ agencies: [\n".utf8)
        for agency in agencies {
            text += JSONWriter.object { agency.write(into: &$0) }
            text += [0x2C, 0x0A]
        }
        return text + Array("] }\n".utf8)
    }

    /// What clerks type to find agency `number`, each with what must be among the answers: code, former code,
    /// its name with and without diacritics, the beginnings of words.
    func questions(_ number: Int) -> [(text: String, expected: AgencyCode?)] {
        let agency = agencies[number % agencies.count]
        let province = Self.provinces[number % Self.provinces.count]
        let place = Self.places[number % Self.places.count]
        let department = Self.departments[number % Self.departments.count]
        let isFound = agency.status != .hidden
        var questions: [(text: String, expected: AgencyCode?)] = [
            (agency.code.string, isFound ? agency.code : nil), (agency.name, isFound ? agency.code : nil),
            (Self.plain("so \(department) \(province)"), nil), ("Sở \(department) tỉnh \(province)", nil),
            (Self.plain("xa \(place) \(province)"), nil), ("Phòng \(department)", nil),
            (Self.plain("ubnd xa \(place)"), nil), (Self.plain("uy ban nhan dan xa \(place)"), nil),
            (String(province.prefix(3)), nil), (Self.plain("p \(department) x \(place) t \(province)"), nil),
            ("h", nil),
        ]
        if isFound, let alias = agency.aliases.first { questions.append((alias.string, agency.code)) }
        return questions
    }

    /// Without diacritics, as typed in a hurry.
    private static func plain(_ text: String) -> String {
        var plain = ""
        for scalar in text.unicodeScalars {
            let bases: [(base: Unicode.Scalar, marked: String)] = [
                ("a", "àáảãạăằắẳẵặâầấẩẫậ"), ("d", "đĐ"), ("e", "èéẻẽẹêềếểễệ"), ("i", "ìíỉĩị"),
                ("o", "òóỏõọôồốổỗộơờớởỡợÔ"), ("u", "ùúủũụưừứửữự"), ("y", "ỳýỷỹỵ"),
            ]
            let base = bases.first { $0.marked.unicodeScalars.contains(scalar) }?.base ?? scalar
            plain.unicodeScalars.append(base)
        }
        return plain.lowercased()
    }
}
