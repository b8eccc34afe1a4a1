import Exchange
import Testing

@testable import Hub

private func day(_ text: String) -> Instant { Instant(isoDate: text)! }

@Suite struct `A directory after a merger` {
    private static let directory: Directory = {
        var old = Agency(
            code: "H12.1", name: "Sở Nội vụ tỉnh cũ", aliases: ["000.00.01.H12"], status: .retired)
        old.successor = "H12.2"
        var middle = Agency(code: "H12.2", name: "Sở Nội vụ gộp lần một")
        middle.effectiveTo = day("2026-07-01")
        middle.successor = "H37.3"
        var new = Agency(code: "H37.3", name: "Sở Nội vụ tỉnh mới")
        new.effectiveFrom = day("2026-07-01")
        var circular = Agency(code: "X1", name: "vòng", status: .retired)
        circular.successor = "X2"
        var back = Agency(code: "X2", name: "quanh", status: .retired)
        back.successor = "X1"
        var locked = Agency(code: "L", name: "khóa", status: .locked)
        locked.successor = "H37.3"
        let alone = Agency(code: "A", name: "không ai kế thừa", status: .retired)
        return Directory(agencies: [old, middle, new, circular, back, locked, alone], principals: [])
    }()

    private func recipient(_ code: String, _ date: String) -> String? {
        Self.directory.recipient(AgencyCode(code), at: day(date))?.code.string
    }

    @Test func `gives a letter to the successor of its day`() {
        #expect(recipient("H12.1", "2026-06-30") == "H12.2")
        #expect(recipient("H12.1", "2026-07-01") == "H37.3")
        #expect(recipient("000.00.01.H12", "2026-07-01") == "H37.3")
        #expect(recipient("H12.2", "2026-06-30") == "H12.2")
    }

    @Test func `gives nothing to one that has not begun, is locked, or has no successor`() {
        #expect(recipient("H37.3", "2026-06-30") == nil)
        #expect(recipient("L", "2026-07-01") == nil)
        #expect(recipient("A", "2026-07-01") == nil)
        #expect(recipient("nobody", "2026-07-01") == nil)
    }

    @Test func `does not go round in circles`() {
        #expect(recipient("X1", "2026-07-01") == nil)
    }

    @Test func `lets an agency act for another until the right ends`() throws {
        var parent = Agency(code: "P", name: "Văn phòng")
        parent.actsFor = [Agency.ActingRight(agency: "000.U", until: day("2026-12-01"))]
        let unit = Agency(code: "U", name: "đơn vị", aliases: ["000.U"])
        let other = Agency(code: "O", name: "khác")
        let directory = Directory(agencies: [parent, unit, other], principals: [])
        #expect(directory.maySend(parent, for: unit, at: day("2026-11-30")))
        #expect(!directory.maySend(parent, for: unit, at: day("2026-12-01")))
        #expect(!directory.maySend(unit, for: parent, at: day("2026-11-30")))
        #expect(!directory.maySend(parent, for: other, at: day("2026-11-30")))
        #expect(directory.maySend(other, for: other, at: day("2026-11-30")))
    }

    @Test func `knows the code before decision 20 of 2020`() {
        func former(_ code: String) -> String? {
            Agency(code: AgencyCode(code), name: "").formerCode?.string
        }
        #expect(former("H37.12") == "000.00.12.H37")
        #expect(former("H37.45.2") == "000.02.45.H37")
        #expect(former("H37.45.2.117") == "117.02.45.H37")
        #expect(former("H37") == nil && former("H37.DN.1") == nil && former("H37..1") == nil)
        #expect(former("H37.1.2.3.4") == nil)
    }
}

@Suite struct `A directory as CSV` {
    private func read(_ text: String) throws -> [Agency] {
        let bytes = try DirectoryCSV.directoryFile(Array(text.utf8))
        return try DirectoryFile(bytes) { _ throws(CertificateFileError) in throw CertificateFileError("") }
            .agencies
    }

    private func line(of text: String) -> Int? {
        do {
            _ = try read(text)
            return nil
        } catch {
            return (error as? DirectoryFileError)?.line
        }
    }

    @Test func `reads what spreadsheets write`() throws {
        let agencies = try read(
            "\u{FEFF}code;name;aliases;level;effectiveFrom;email;successor\r\n"
                + "H37.12;\"Sở \"\"KH&CN\"\";\r\ntỉnh\";000.00.12.H37 H37.OLD;2;2026-07-01;vt@mau.example;"
                + "\r\n\r\nH31.7;Sở Nội vụ;;;;;H31.8")
        try #require(agencies.count == 2)
        var first = Agency(
            code: "H37.12", name: "Sở \"KH&CN\";\r\ntỉnh", aliases: ["000.00.12.H37", "H37.OLD"], level: 2)
        first.effectiveFrom = Instant(isoDate: "2026-07-01")
        first.contact.email = "vt@mau.example"
        #expect(agencies[0] == first)
        #expect(agencies[1].successor == "H31.8" && agencies[1].aliases.isEmpty)
    }

    @Test func `tells the line of what is wrong`() {
        #expect(line(of: "") == 1)
        #expect(line(of: "code,nam\nA,B") == 1)
        #expect(line(of: "code,code\nA,B") == 1)
        #expect(line(of: "code\nA") == 1)
        #expect(line(of: "code,name\nA,B\nC") == 3)
        #expect(line(of: "code,name,level\nA,B,1\nC,D,mười") == 3)
        #expect(line(of: "code,name\nA,\"B\nC,D\n") == 2)
        #expect(line(of: "code,name,status\nA,B,dead") == 2)
        #expect(line(of: "code,name,effectiveTo\nA,B,01/07/2026") == 2)
    }
}

@Suite struct `The difference that an import makes` {
    private let present = [
        Agency(code: "A", name: "một", level: 1), Agency(code: "B", name: "hai"),
        Agency(code: "C", name: "ba", status: .retired), Agency(code: "D", name: "bốn"),
    ]

    @Test func `is what was added, changed and left out`() {
        let coming = [
            Agency(code: "A", name: "một", aliases: ["X"], level: 2), Agency(code: "B", name: "hai"),
            Agency(code: "E", name: "năm"),
        ]
        let all = DirectoryDifference(from: present, to: coming, replacingAll: true)
        #expect(all.put.map(\.code) == ["A", "E"] && all.retired == ["D"] && all.unchanged == 1)
        #expect(all.items[0].members == ["aliases", "level"])
        #expect(all.count(.added) == 1 && all.count(.changed) == 1 && all.count(.retired) == 1)
        let some = DirectoryDifference(from: present, to: coming, replacingAll: false)
        #expect(some.retired.isEmpty && some.items.count == 2)
    }

    @Test func `sees names as bytes`() {
        let nfd = Agency(code: "B", name: "ha\u{0301}i")
        let nfc = Agency(code: "B", name: "h\u{00E1}i")
        let difference = DirectoryDifference(from: [nfd], to: [nfc], replacingAll: false)
        #expect(difference.items.first?.members == ["name"])
        #expect(DirectoryDifference(from: [nfd], to: [nfd], replacingAll: true).items.isEmpty)
    }
}
