import Exchange
import Foundation
import JSON
import Testing

@Suite struct `A letter to forty recipients` {
    @Test func `has one life with each of them`() throws {
        let world = try World()
        try world.start()
        let csv = world.path("xa.csv")
        let communes = (1...37).map { "H37.90.\($0)" }
        let rows = communes.map { "\($0),Xã số \($0) (mẫu),H37,3" }.joined(separator: "\n")
        try "code,name,parent,level\n\(rows)\n".write(toFile: csv, atomically: true, encoding: .utf8)
        let imported = try world.run(["agency", "import", csv], as: "operator")
        try #require(imported.code == 0, "\(imported.errors)")
        let sender = try Office("H37.12", in: world)
        let all = World.recipients + communes
        let letter = try sender.send(to: all)
        #expect(letter.receipt["recipients"]?.array?.count == 40)
        var stages = try sender.stages(letter.key)
        #expect(stages.count == 40 && stages.values.allSatisfy { $0 == "queued" })

        // What one of them does changes nothing for the others.
        let (done, refusing, holding) = (
            try Office("H31.7", in: world), try Office("H31.45.2", in: world),
            try Office("H37.14", in: world)
        )
        for office in [done, refusing] {
            #expect(try office.take().count == 1)
            #expect(try office.content(letter.key).bytes == letter.bytes)
        }
        for code in ["01", "03", "06"] { try done.report(code, of: letter.key) }
        try refusing.report("02", of: letter.key, ["--reason", "Không thuộc thẩm quyền"])
        #expect(try holding.lease().count == 1)
        stages = try sender.stages(letter.key)
        #expect(stages["H31.7"] == "completed" && stages["H31.45.2"] == "refused")
        #expect(stages["H37.14"] == "leased")
        #expect(communes.allSatisfy { stages[$0] == "queued" })
        #expect(try sender.take().count == 4)
        // A recipient sees its own delivery and nobody else's.
        #expect(try done.stages(letter.key) == ["H31.7": "completed"])

        // Taken back from all at once: whoever has it is asked, everybody else never gets it.
        let recall = try sender.send(to: all, ["--recalls", letter.documentID, "--reason", "Gửi nhầm"])
        stages = try sender.stages(letter.key)
        #expect(stages["H31.7"] == "recall_asked" && stages["H31.45.2"] == "recall_asked")
        #expect(stages["H37.14"] == "withdrawn" && communes.allSatisfy { stages[$0] == "withdrawn" })
        let asked = recall.receipt["recipients"]?.array?.compactMap(\.string) ?? []
        #expect(Set(asked) == ["H31.7", "H31.45.2", "H37.14"])
        #expect(try sender.take().count == 38)
        #expect(world.stop() == 0)
    }
}
