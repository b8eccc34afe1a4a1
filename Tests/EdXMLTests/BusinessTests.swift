import EdXML
import Exchange
import Testing

@Suite struct `A letter that changes an earlier one` {
    private func read(_ change: (inout LetterDraft) -> Void) throws -> Letter {
        let folder = try Folder()
        var draft = sampleDraft(attachment: try folder.file("a.pdf", "%PDF-1.7".utf8))
        change(&draft)
        let collector = Collector()
        try LetterWriter.write(draft, to: collector)
        return try readLetter(String(decoding: collector.bytes, as: UTF8.self))
    }

    @Test func `is read as it was written`() throws {
        let update = try read { draft in
            draft.reason = "Thêm nơi nhận"
            draft.business.kind = .update
            draft.business.documentID = "old"
            draft.business.changesDocument = true
            draft.business.receiverChanges = [
                Business.ReceiverChange(organID: "H31.9", isAdded: true),
                Business.ReceiverChange(organID: "H31.7", isAdded: false),
            ]
        }
        #expect(update.businessType == 2 && update.targetDocumentIDs == ["old"])
        #expect(update.business.reason == "Thêm nơi nhận" && update.business.changesDocument)
        #expect(update.business.receiverChanges.map(\.organID) == ["H31.9", "H31.7"])
        #expect(update.business.receiverChanges.map(\.isAdded) == [true, false])
        #expect(update.business.receiverChanges[1].place.path.hasSuffix("Receiver[2]/OrganId"))
        #expect(update.business.receiverChanges[1].place.line > 1)
        let replacement = try read { draft in
            draft.business.kind = .replace
            draft.business.replacements = [
                Business.Replacement(documentID: "a", organIDs: ["H31.7"]),
                Business.Replacement(documentID: "b", organIDs: []),
            ]
        }
        #expect(replacement.targetDocumentIDs == ["a", "b"])
        #expect(replacement.targetWays[0].map(\.organIDs) == [["H31.7"], []])
        #expect(replacement.targetWays[0][1].place.path.hasSuffix("ReplacementInfo[2]/DocumentId"))
    }

    @Test func `may name its target in the place of another operation`() throws {
        let recall = try read { draft in
            draft.business.kind = .recall
            draft.business.documentID = "b"
            draft.responseFor = [
                ResponseForDraft(
                    organID: "H37.12", code: "1/A", documentID: "a", promulgationDate: "2026/11/20")
            ]
        }
        #expect(recall.targetWays.map { $0.map(\.documentID) } == [["a"], ["b"]])
        #expect(recall.targetWays[0][0].organID == "H37.12" && recall.targetWays[1][0].organID == nil)
    }

    @Test func `must name something`() throws {
        #expect(throws: DraftError.self) { try read { $0.business.kind = .recall } }
    }
}
