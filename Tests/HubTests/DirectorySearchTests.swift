import Exchange
import Testing

@testable import Hub

@Suite struct `A search in the directory` {
    private static let directory = Directory(
        agencies: [
            Agency(code: "H37", name: "UBND tỉnh Lạng Sơn"),
            Agency(
                code: "H37.12", name: "Sở Khoa học và Công nghệ tỉnh Lạng Sơn", aliases: ["000.00.12.H37"]),
            Agency(code: "H37.DN.001", name: "Công ty Đông Đô"),
            Agency(code: "H31.7", name: "Sở Nội vụ tỉnh Hưng Yên"),
            Agency(code: "H37.W00", name: "Nút quản trị Lạng Sơn", status: .hidden),
        ], principals: [])

    private func found(_ text: String, limit: Int = 10) -> [String] {
        Self.directory.search(text, limit: limit).map(\.code.string)
    }

    @Test func `needs no diacritics, no case and no order`() {
        #expect(found("so noi vu") == ["H31.7"])
        #expect(found("VU Sở") == ["H31.7"])
        #expect(found("đong DO") == ["H37.DN.001"])
        #expect(found("dong đô") == ["H37.DN.001"])
    }

    @Test func `takes letters and their marks in one piece or in several`() {
        #expect(found("So\u{302}\u{323}i") == found("Sội"))
        #expect(found("No\u{323}\u{302}i vu\u{323}") == ["H31.7"])
    }

    @Test func `finds an agency by the whole of its name, however many are named almost alike`() {
        let long = "Phòng Giáo dục và Đào tạo xã Vĩnh Tường, tỉnh Đắk Lắk, khu vực"
        let many = (0..<200).map { Agency(code: AgencyCode("K.\($0)"), name: "\(long) \($0)") }
        let directory = Directory(agencies: many, principals: [])
        #expect(directory.search("\(long) 187", limit: 5).map(\.code) == ["K.187"])
        #expect(directory.search("phong gd xa vinh tuong 187", limit: 5).isEmpty)
    }

    @Test func `finds words by their beginnings only`() {
        #expect(found("kho hoc") == ["H37.12"])
        #expect(found("hoa hoc").isEmpty)
    }

    @Test func `finds codes, old ones too, and puts the whole code first`() {
        #expect(found("000.00.12.H37") == ["H37.12"])
        #expect(found("H37").first == "H37")
        #expect(found("h37.1") == ["H37.12"])
        #expect(found("H37") == ["H37", "H37.12", "H37.DN.001"])
    }

    @Test func `does not show hidden agencies`() {
        #expect(found("H37.W00").isEmpty)
        #expect(found("quan tri").isEmpty)
        #expect(!found("").contains("H37.W00"))
    }

    @Test func `keeps the limit and gives the first ones to an empty question`() {
        #expect(found("tinh", limit: 2) == ["H37", "H37.12"])
        #expect(found("", limit: 2) == ["H37", "H37.12"])
        #expect(found(" .,", limit: 1) == ["H37"])
        #expect(found("tinh", limit: 0).isEmpty)
    }

    @Test func `gives nothing for words that nobody has, whatever they are made of`() {
        #expect(found("xyz").isEmpty)
        #expect(found("\u{1F600}").isEmpty)
        #expect(found(String(repeating: "a ", count: 5000)).isEmpty)
    }

    /// Against the plainest way to say the same.
    @Test func `agrees with looking at every agency`() {
        let places = ["Đông", "Tây", "Nam", "Bắc", "Trung", "Sơn", "Hà", "Giang"]
        var agencies: [Agency] = []
        for number in 0..<2000 {
            let name = "Xã \(places[number % 8]) \(places[number / 8 % 8]) \(number)"
            agencies.append(Agency(code: AgencyCode("H\(number % 63).\(number)"), name: name))
        }
        let directory = Directory(agencies: agencies, principals: [])
        for question in ["xa dong", "h1 son", "ha ha", "tay nam 1", "giang 19", "x", "bac trung h6"] {
            let wanted = FoldedText.words(question)
            let plain = agencies.filter { agency in
                let words = FoldedText.words("\(agency.code) \(agency.name)")
                return wanted.allSatisfy { prefix in words.contains { $0.starts(with: prefix) } }
            }
            let answer = directory.search(question, limit: 5000)
            #expect(answer.map(\.code) == plain.map(\.code), "\(question)")
            #expect(!plain.isEmpty)
        }
    }
}
