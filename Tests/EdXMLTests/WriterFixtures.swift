import EdXML
import Exchange
import Foundation
import XML

final class Collector: ByteSink {
    private(set) var bytes: [UInt8] = []
    private(set) var pieceBytesMax = 0

    func write(_ piece: Span<UInt8>) {
        pieceBytesMax = max(pieceBytesMax, piece.count)
        for index in piece.indices { bytes.append(piece[index]) }
    }
}

/// A directory that goes when the test ends.
final class Folder {
    let path = NSTemporaryDirectory() + "edxml-" + UUID().uuidString
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
        return path + "/" + name
    }
}

func vector(_ name: String) throws -> [UInt8] {
    let url = Bundle.module.resourceURL!.appendingPathComponent("Vectors/" + name)
    return Array(try Data(contentsOf: url))
}

/// The values of `cong-van-moi.edxml`.
func sampleDraft(attachment path: String) -> LetterDraft {
    var sender = OrganizationDraft(code: "H37.12", name: "Sở Khoa học và Công nghệ (mẫu)")
    sender.inCharge = "UBND tỉnh Lạng Sơn"
    sender.address = "Số 1 đường Mẫu, tỉnh Lạng Sơn"
    sender.email = "vanthu@mau.example"
    sender.telephone = "02050000000"
    sender.fax = "02050000001"
    sender.website = "mau.example"
    var draft = LetterDraft(
        sender: sender,
        recipients: [
            OrganizationDraft(code: "H31.7", name: "Sở Nội vụ tỉnh nhận (mẫu)"),
            OrganizationDraft(code: "H31.45.2", name: "UBND xã nhận (mẫu)"),
        ],
        codeNumber: "482", codeNotation: "SKHCN-CĐS", place: "Lạng Sơn", promulgationDate: "2026/11/20",
        type: DocumentTypeDraft(code: 2, detail: 18, name: "Công văn"),
        subject: "V/v phối hợp rà soát mã định danh điện tử",
        tracedAt: Instant(edXML: "2026/11/20 09:15:30")!,
        attachments: [
            AttachmentDraft(
                path: path, name: "482_SKHCN-CDS.signed.pdf", description: "Công văn chính",
                contentID: "0b6f3b0e-6c1c-4a1e-9f53-0f3f5c1d2a10")
        ])
    draft.content = "Đề nghị rà soát, gửi danh sách mã định danh trước thời hạn."
    draft.signer = SignerDraft(
        competence: "KT. GIÁM ĐỐC", position: "Phó Giám đốc", fullName: "Nguyễn Văn Mẫu")
    draft.dueDate = "2026/11/27"
    draft.priority = .urgent
    draft.sphereOfPromulgation = "Liên tỉnh"
    draft.typerNotation = "NVM"
    draft.promulgationAmount = 2
    draft.pageAmount = 3
    draft.isDirection = false
    draft.appendixes = ["Danh sách mã định danh"]
    draft.steeringType = 1
    draft.toPlaces = ["Như trên", "Lưu: VT, CĐS"]
    draft.staff = StaffDraft(
        department: "Văn thư", name: "Trần Thị Mẫu", email: "tt.mau@mau.example", mobile: "0900000000")
    return draft
}

/// What an element of that name holds, the first one after `marker`.
func content(_ element: String, in letter: [UInt8], after marker: String = "") -> String {
    let text = String(decoding: letter, as: UTF8.self)
    let start = marker.isEmpty ? text.startIndex : text.range(of: marker)!.upperBound
    let opened = text.range(of: "<\(element)", range: start..<text.endIndex)!
    let from = text.range(of: ">", range: opened.upperBound..<text.endIndex)!.upperBound
    return String(text[from..<text.range(of: "</\(element)>", range: from..<text.endIndex)!.lowerBound])
}

/// A generator whose numbers are the same in every run.
struct Repeatable: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
