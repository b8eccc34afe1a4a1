import CZlib
import EdXML
import Exchange
import Foundation
import OpenSSL
import Testing

/// Makes archives, right ones and wrong ones.
struct Archive {
    var name = "6f1c.xlsx"
    var content: [UInt8]
    var method: UInt16 = 8
    var flags: UInt16 = 0
    var hasDescriptor = false
    var descriptorHasSignature = true
    var isWide = false
    var crcChange: UInt32 = 0
    var directoryName: String?
    var entries: UInt16 = 1
    var comment: [UInt8] = []
    var afterwards: [UInt8] = []
    var secondEntry = false

    init(_ content: [UInt8]) { self.content = content }

    static func deflate(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        _ = lienthong_deflate_init(&stream, 6, -15)
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        var input = bytes
        input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                _ = CZlib.deflate(&stream, Z_FINISH)
            }
        }
        output.removeLast(Int(stream.avail_out))
        deflateEnd(&stream)
        return output
    }

    var bytes: [UInt8] {
        let packed = method == 8 ? Self.deflate(content) : content
        let crc =
            content.withUnsafeBufferPointer {
                UInt32(CZlib.crc32(0, $0.baseAddress, UInt32($0.count)))
            } &+ crcChange
        let sizes = little(UInt32(packed.count)) + little(UInt32(content.count))
        let flags = self.flags | (hasDescriptor ? 8 : 0)
        let extra: [UInt8] =
            isWide ? little(UInt16(1)) + little(UInt16(16)) + wide(content.count) + wide(packed.count) : []
        var archive =
            little(0x0403_4B50 as UInt32) + little(UInt16(20)) + little(flags) + little(method) + [
                0, 0, 0x21, 0,
            ]
        archive +=
            hasDescriptor
            ? [UInt8](repeating: 0, count: 12)
            : little(crc) + (isWide ? [UInt8](repeating: 0xFF, count: 8) : sizes)
        archive +=
            little(UInt16(name.utf8.count)) + little(UInt16(extra.count)) + Array(name.utf8) + extra + packed
        if hasDescriptor {
            if descriptorHasSignature { archive += little(0x0807_4B50 as UInt32) }
            archive += little(crc) + (isWide ? wide(packed.count) + wide(content.count) : sizes)
        }
        if secondEntry { archive += archive }
        let start = archive.count
        let directoryName = self.directoryName ?? name
        archive +=
            little(0x0201_4B50 as UInt32) + little(UInt16(20)) + little(UInt16(20)) + little(flags)
            + little(method)
        archive += [0, 0, 0x21, 0] + little(crc) + sizes + little(UInt16(directoryName.utf8.count))
        archive += [UInt8](repeating: 0, count: 16) + Array(directoryName.utf8)
        let length = archive.count - start
        archive += little(0x0605_4B50 as UInt32) + [0, 0, 0, 0] + little(entries) + little(entries)
        archive += little(UInt32(length)) + little(UInt32(start)) + little(UInt16(comment.count)) + comment
        return archive + afterwards
    }

    private func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private func wide(_ number: Int) -> [UInt8] { little(UInt64(number)) }
}

/// The sample with another file in it.
func letter(with file: [UInt8], name: String = "b.xlsx", type: String = "application/zip") throws -> String {
    try sampleLetter().with("JVBERi0xLjcKJSBzYW1wbGUK", Data(file).base64EncodedString())
        .with("<AttachmentName>482_SKHCN-CDS.signed.pdf", "<AttachmentName>\(name)")
        .with("<ContentType>application/pdf", "<ContentType>\(type)")
}

@Suite struct `An attachment` {
    private static let text = Array(String(repeating: "Bảng số liệu 123\n", count: 20_000).utf8)

    @Test func `that was packed for the journey is unpacked`() throws {
        var archives = [Archive(Self.text), Archive([]), Archive([1])]
        for (descriptor, signed, isWide) in [
            (true, true, false), (true, false, false), (true, true, true), (false, true, true),
        ] {
            var archive = Archive(Self.text)
            (archive.hasDescriptor, archive.descriptorHasSignature, archive.isWide) = (
                descriptor, signed, isWide
            )
            archives.append(archive)
        }
        var stored = Archive(Self.text)
        stored.method = 0
        archives.append(stored)
        stored.content = []
        archives.append(stored)
        var commented = Archive(Self.text)
        commented.comment = Array("chú thích".utf8)
        archives.append(commented)
        for archive in archives {
            for pieceBytes in [1 << 20, 1000, 7] where pieceBytes > 100 || archive.bytes.count < 5000 {
                let files = KeptFiles()
                let message = try readMessage(
                    try letter(with: archive.bytes), pieceBytes: pieceBytes, files: files)
                guard case .letter(let letter) = message else { continue }
                #expect(letter.attachments[0].isUnpacked)
                #expect(letter.attachments[0].byteCount == archive.content.count)
                #expect(letter.attachments[0].sha256 == SHA256.hash(archive.content))
                #expect(files.files[0].bytes == archive.content)
            }
        }
    }

    @Test func `that is an archive by its own name stays one`() throws {
        let archive = Archive(Self.text).bytes
        for name in ["b.zip", "b.ZIP"] {
            let letter = try readLetter(try letter(with: archive, name: name))
            #expect(!letter.attachments[0].isUnpacked && letter.attachments[0].sha256 == SHA256.hash(archive))
        }
        let typed = try readLetter(try letter(with: archive, type: "Application/Zip; charset=x"))
        #expect(typed.attachments[0].isUnpacked)
    }

    @Test func `may be broken into lines`() throws {
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for options: Data.Base64EncodingOptions in [
            .lineLength64Characters,
            [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed],
        ] {
            let text = Data(bytes).base64EncodedString(options: options)
            let letter = try readLetter(
                try sampleLetter().with("JVBERi0xLjcKJSBzYW1wbGUK", "\n\t " + text + "\r\n  "))
            #expect(letter.attachments[0].sha256 == SHA256.hash(bytes))
        }
    }

    @Test func `of any length is decoded as Foundation encodes it`() throws {
        for count in Array(0...70) + [1000, 24_575, 24_576, 24_577, 100_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
            let letter = try readLetter(
                try letter(with: bytes, name: "a.bin", type: "application/octet-stream"))
            #expect(
                letter.attachments[0].byteCount == count && letter.attachments[0].sha256 == SHA256.hash(bytes)
            )
        }
    }

    @Test(arguments: [
        "A", "AA", "AAA", "A===", "====", "AA=A", "AAA=A", "AAA=AAAA", "AAB=", "AB==", "AA==AA==",
        "AA==\u{A0}", "AAAA=", "AA-_", "AA===",
    ])
    func `is refused where it is not base 64`(_ text: String) throws {
        let found = findings(try sampleLetter().with("JVBERi0xLjcKJSBzYW1wbGUK", text))
        #expect(found.map(\.code) == [.attachmentEncoding])
    }

    @Test func `is refused where its archive is not one plain file`() throws {
        func refused(_ change: (inout Archive) -> Void) throws {
            var archive = Archive(Self.text)
            change(&archive)
            #expect(findings(try letter(with: archive.bytes)).map(\.code) == [.attachmentArchive])
        }
        try refused { $0.flags = 1 }
        try refused { $0.method = 12 }
        try refused {
            $0.method = 0; $0.hasDescriptor = true
        }
        try refused { $0.crcChange = 1 }
        try refused {
            $0.crcChange = 1; $0.hasDescriptor = true
        }
        try refused { $0.name = "../x" }
        try refused { $0.name = "a/b" }
        try refused { $0.name = "a\\b" }
        try refused { $0.name = "C:b" }
        try refused { $0.name = "" }
        try refused { $0.name = "a\u{0}b" }
        try refused { $0.name = String(repeating: "a", count: 300) }
        try refused { $0.directoryName = "other.exe" }
        try refused { $0.entries = 2 }
        try refused { $0.entries = 0 }
        try refused { $0.secondEntry = true }
        try refused { $0.afterwards = [0] }
        try refused { $0.afterwards = [UInt8](repeating: 0, count: 1 << 20) }
    }

    @Test func `is refused where its archive is cut or changed anywhere`() throws {
        let archive = Archive(Array("nội dung ngắn, đủ để thử".utf8)).bytes
        for count in 0..<archive.count {
            #expect(findings(try letter(with: Array(archive[..<count]))).map(\.code) == [.attachmentArchive])
        }
        // Times, versions and attributes carry nothing that could mislead; everything else is compared.
        var survivors = 0
        for index in archive.indices {
            var changed = archive
            changed[index] ^= 0x10
            if (try? readLetter(try letter(with: changed))) != nil { survivors += 1 }
        }
        #expect(survivors < 40)
    }

    @Test func `that is a bomb is refused before it goes off`() throws {
        let bomb = Archive([UInt8](repeating: 0, count: 32 << 20)).bytes
        let files = KeptFiles()
        let rejection = #expect(throws: Rejection.self) {
            try readLetter(try letter(with: bomb), files: files)
        }
        #expect(rejection?.code == .attachmentArchive)
        #expect((files.files.first?.bytes.count ?? 0) <= 12 << 20 && files.files.first?.isWhole == false)
        var limits = EdXMLLimits()
        limits.attachmentBytesMax = 1 << 20
        #expect(findings(try letter(with: bomb), limits: limits).map(\.code) == [.attachmentTooLarge])
    }

    @Test func `counts against all of them together even where it cannot be decoded`() throws {
        let sample = try sampleLetter()
        let start = try #require(sample.range(of: "<Attachment>"))
        let end = try #require(sample.range(of: "</Attachment>"))
        let whole = String(sample[start.lowerBound..<end.upperBound])
        // One piece of the decoder's, 24 KiB, and then something else.
        let broken = try whole.with(
            "JVBERi0xLjcKJSBzYW1wbGUK", String(repeating: "A", count: 32 << 10) + "!")
        let text = sample.replacingCharacters(in: start.lowerBound..<start.lowerBound, with: broken)
        var limits = EdXMLLimits()
        limits.decodedBytesMax = 24 << 10
        #expect(findings(text, limits: limits).map(\.code).contains(.attachmentTooLarge))
        limits.decodedBytesMax += 18
        #expect(!findings(text, limits: limits).map(\.code).contains(.attachmentTooLarge))
    }

    @Test func `may not come before what tells how to decode it`() throws {
        let sample = try sampleLetter()
        let encoded =
            "<edXML:ContentTransferEncoded "
            + "xmlns:edXML=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">JVBERi0xLjcKJSBzYW1wbGUK"
            + "</edXML:ContentTransferEncoded>"
        let early = try sample.without(encoded).with("<Attachment>", "<Attachment>" + encoded)
        #expect(findings(early).map(\.code) == [.elementMissing])
        let late = try sample.without(encoded).without(
            "<edXML:ContentType>application/pdf</edXML:ContentType>"
        )
        .with("<ContentType>", encoded + "<ContentType>")
        #expect(findings(late).map(\.code) == [.elementMisplaced])
    }

    @Test func `has its own Reference and its own ContentId`() throws {
        let sample = try sampleLetter()
        let attachment = try #require(sample.firstMatch(of: /<Attachment>(.|\n)*<\/Attachment>/)).output.0
        let reference = try #require(sample.firstMatch(of: /<edXML:Reference>(.|\n)*<\/edXML:Reference>/))
            .output.0
        let twice = try sample.with("</AttachmentEncoded>", attachment + "</AttachmentEncoded>")
        #expect(findings(twice).map(\.code) == [.attachmentRepeated])
        let twoReferences = try sample.with("</edXML:edXMLManifest>", reference + "</edXML:edXMLManifest>")
        #expect(findings(twoReferences).map(\.code) == [.attachmentRepeated])
        let none = try sample.cutting("<AttachmentEncoded>", through: "</AttachmentEncoded>")
            .without(String(reference))
        #expect(findings(none).map(\.code) == [.attachmentMissing])
    }
}
