import EdXML
import Testing

@Suite struct `Two writings of a letter` {
    private func differences(_ changes: (String, String)...) throws -> [String] {
        let sample = try sampleLetter()
        var other = sample
        for (text, replacement) in changes { other = try other.with(text, replacement) }
        return try readLetter(other).differences(from: try readLetter(sample))
    }

    @Test func `say the same whatever they look like`() throws {
        #expect(try differences().isEmpty)
        #expect(
            try differences(
                ("<edXML:Subject>", "\n\n  <edXML:Subject>\n"), ("</edXML:Subject>", "  </edXML:Subject>")
            ).isEmpty)
        let sample = try sampleLetter()
        let renamed = sample.replacingOccurrences(of: "edXML:", with: "e:")
            .replacingOccurrences(of: "xmlns:edXML", with: "xmlns:e")
        #expect(try readLetter(renamed).differences(from: readLetter(sample)).isEmpty)
        // Where it has been and how its file is called inside says nothing.
        let rebuilt = sample.replacingOccurrences(of: "2026/11/20 09:15:30", with: "2026/11/20 09:20:00")
            .replacingOccurrences(of: "0b6f3b0e-6c1c-4a1e", with: "ffffffff-6c1c-4a1e")
        #expect(rebuilt != sample)
        #expect(try readLetter(rebuilt).differences(from: readLetter(sample)).isEmpty)
    }

    @Test func `differ where one says something else`() throws {
        #expect(try differences(("<edXML:Subject>", "<edXML:Subject>Khác: ")) == ["Subject"])
        #expect(
            try differences(
                ("<edXML:Priority>1<", "<edXML:Priority>2<"),
                ("<edXML:DueDate>2026/11/27<", "<edXML:DueDate>2026/11/28<"))
                == ["DueDate", "OtherInfo"])
        #expect(try differences(("<edXML:OrganId>H31.7<", "<edXML:OrganId>H31.8<")) == ["To"])
        #expect(try differences(("JVBERi0xLjc", "JVBERi0xLjY")) == ["Attachment"])
    }
}
