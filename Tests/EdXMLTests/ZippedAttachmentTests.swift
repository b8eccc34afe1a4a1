import EdXML
import Foundation
import Testing

/// Checked with the system's own `unzip`, which shares no code with the writer but zlib's format.
@Suite struct `A file that travels zipped` {
    private static let unzip = "/usr/bin/unzip"

    private func archive(_ original: [UInt8], name: String, in folder: Folder) throws -> (
        zip: String, id: String
    ) {
        let draft = sampleDraft(attachment: "").with(try folder.file(name, original))
        let collector = Collector()
        try LetterWriter.write(draft, to: collector)
        let encoded = content("edXML:ContentTransferEncoded", in: collector.bytes)
        return (try folder.file("out.archive", Data(base64Encoded: encoded)!), draft.attachments[0].contentID)
    }

    private func run(_ arguments: [String]) throws -> (status: Int32, output: Data) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.unzip)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: unzip)),
        arguments: [0, 1, 1000, 196_608, 700_000])
    func `comes out as it went in`(count: Int) throws {
        let folder = try Folder()
        var random = Repeatable(9)
        // Half of it compresses, half does not.
        let original = (0..<count).map { $0 % 2 == 0 ? 65 : UInt8.random(in: 0...255, using: &random) }
        let (zip, id) = try archive(original, name: "Số liệu.xlsx", in: folder)
        #expect(try run(["-tqq", zip]).status == 0)
        let (status, output) = try run(["-p", zip])
        #expect(status == 0)
        #expect(Array(output) == original)
        let names = String(decoding: try run(["-Z1", zip]).output, as: UTF8.self)
        #expect(names == "\(id).xlsx\n")
    }

    @Test func `has its sizes in the local header`() throws {
        let folder = try Folder()
        let original = [UInt8]("một hai ba một hai ba một hai ba".utf8)
        let bytes = Array(
            try Data(contentsOf: URL(fileURLWithPath: archive(original, name: "a.txt", in: folder).zip)))
        func number(at offset: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        #expect(Array(bytes.prefix(4)) == [0x50, 0x4B, 3, 4])
        #expect(number(at: 6, 2) & 8 == 0, "no data descriptor")
        #expect(number(at: 8, 2) == 8, "deflated")
        #expect(number(at: 22, 4) == original.count)
        let directory = 30 + number(at: 26, 2) + number(at: 18, 4)
        #expect(Array(bytes[directory..<directory + 4]) == [0x50, 0x4B, 1, 2])
    }

    @Test(arguments: ["a.héo", "a.", "a", ".hidden file", "a.12345678901234567"])
    func `has a plain ASCII name inside whatever it is called`(name: String) throws {
        let folder = try Folder()
        let (zip, id) = try archive([1, 2, 3], name: name, in: folder)
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: zip)))
        #expect(String(decoding: bytes[30..<30 + Int(bytes[26])], as: UTF8.self) == "\(id).bin")
    }

    @Test func `is refused where it changes between the two readings`() throws {
        // Each reading of this file gives other bytes of the same length.
        let draft = sampleDraft(attachment: "").with("/proc/sys/kernel/random/uuid")
        let error = #expect(throws: DraftError.self) { try LetterWriter.write(draft, to: Collector()) }
        guard case .changed = error else { throw try #require(error) }
    }
}
