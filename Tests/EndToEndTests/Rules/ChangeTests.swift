import Exchange
import Foundation
import JSON
import Testing

/// Stories of letters that are taken back or changed, told through the public API.
@Suite struct `A letter that is changed` {
    @Test func `is recalled before and after it was delivered`() throws {
        let world = try World()
        try world.start()
        let sender = try Office("H37.12", in: world)
        let (first, second, third) = (
            try Office("H31.7", in: world), try Office("H31.45.2", in: world),
            try Office("H37.14", in: world)
        )
        let letter = try sender.send(to: World.recipients)
        try first.take()
        try first.report("03", of: letter.key)
        #expect(try sender.take().count == 1)
        let held = try #require(try third.lease().first)

        let recall = try sender.send(
            to: World.recipients, ["--recalls", letter.documentID, "--reason", "Gửi nhầm"])
        #expect(
            try sender.stages(letter.key)
                == ["H31.7": "recall_asked", "H31.45.2": "withdrawn", "H37.14": "withdrawn"])
        #expect(try sender.relations(letter.key) == ["recalledBy \(recall.key)"])
        #expect(try sender.relations(recall.key) == ["recalls \(letter.key)"])

        // Withdrawn: no inbox has it, no lease holds it, nobody fetches it.
        #expect(try second.take().isEmpty)
        #expect(try second.content(letter.key).status == 404)
        for verb in ["acknowledge", "release"] {
            let answer = try third.settle(held, verb)
            #expect(answer.status == 409 && answer.json["code"]?.string == "delivery_withdrawn")
        }
        // The hub answers for those who never had it.
        let told = try sender.take()
        #expect(Set(told.compactMap { $0["sender"]?.string }) == ["H31.45.2", "H37.14"])
        let written = try sender.content(try #require(told.first?["documentKey"]?.string))
        let text = String(decoding: written.bytes, as: UTF8.self)
        #expect(text.contains("<edXML:StatusCode>15</edXML:StatusCode>"))
        #expect(text.contains("<edXML:DocumentId>\(letter.documentID)</edXML:DocumentId>"))

        // Delivered: its recipient gets the recall as it was signed, and answers.
        let asked = try #require(try first.take().first)
        #expect(asked["documentKey"]?.string == recall.key)
        #expect(try first.content(recall.key).bytes == recall.bytes)
        #expect(try first.relations(letter.key) == ["recalledBy \(recall.key)"])
        try first.report("16", of: letter.key, ["--reason", "Đã xử lý"])
        #expect(try sender.stages(letter.key)["H31.7"] == "received")
        // Asked again by 13, agreed.
        try sender.report("13", of: letter.key, ["--to", "H31.7", "--reason", "Sai nội dung"])
        #expect(try first.take().count == 1)
        #expect(try sender.stages(letter.key)["H31.7"] == "recall_asked")
        try first.report("15", of: letter.key)
        #expect(try sender.stages(letter.key)["H31.7"] == "recalled")
        let request = try sender.trail(letter.key)["deliveries"]?.array?
            .first { $0["recipient"]?.string == "H31.7" }?["request"]
        #expect(request?["state"]?.string == "agreed" && request?["operation"]?.string == "recall")
        #expect(world.stop() == 0)
    }

    @Test func `may be recalled by its sender only, from those who got it`() throws {
        let world = try World()
        try world.start()
        let sender = try Office("H37.12", in: world)
        let letter = try sender.send(to: ["H31.7"])
        let stranger = try Office("H37.14", in: world).refusal(
            to: ["H31.7"], ["--recalls", letter.documentID, "--reason", "Không phải của mình"])
        #expect(stranger["code"]?.string == "target_unknown")
        #expect(stranger.findings == ["target_unknown DocumentId"])
        #expect(stranger["errors"]?.array?.first.map { ($0["line"]?.integer ?? 0) > 0 } == true)
        let unknown = try sender.refusal(to: ["H31.7"], ["--recalls", "khong-co", "--reason", "Nhầm"])
        #expect(unknown["code"]?.string == "target_unknown")
        let never = try sender.refusal(
            to: ["H31.7", "H31.45.2"], ["--recalls", letter.documentID, "--reason", "Nhầm"])
        #expect(never.findings == ["target_not_recipient OrganId"])
        #expect(try sender.stages(letter.key) == ["H31.7": "queued"])
    }

    @Test func `is updated: one recipient is added, one loses it`() throws {
        let world = try World()
        try world.start()
        let sender = try Office("H37.12", in: world)
        let (kept, removed, added) = (
            try Office("H31.7", in: world), try Office("H31.45.2", in: world),
            try Office("H37.14", in: world)
        )
        let letter = try sender.send(to: ["H31.7", "H31.45.2"])
        try kept.take()
        let update = try sender.send(
            to: ["H31.7"],
            [
                "--updates", letter.documentID, "--add", "H37.14", "--remove", "H31.45.2", "--reason",
                "Bổ sung nơi nhận",
            ])
        #expect(try sender.stages(letter.key) == ["H31.7": "delivered", "H31.45.2": "withdrawn"])
        #expect(try removed.take().isEmpty)
        for office in [kept, added] {
            #expect(try office.take().compactMap { $0["documentKey"]?.string } == [update.key])
            #expect(try office.content(update.key).bytes == update.bytes)
        }
        // Who was added learns nothing of the letter that it never got.
        #expect(try added.relations(update.key).isEmpty)
        #expect(try added.content(letter.key).status == 404)
        try kept.report("15", of: update.key)
        let outbox = try JSONReader.read(try sender.client.get("/v1/outbox").bytes)
        let sent = outbox["documents"]?.array?.first { $0["documentKey"]?.string == letter.key }
        let state = sent?["deliveries"]?.array?.first { $0["recipient"]?.string == "H31.7" }
        #expect(state?["request"]?.string == "update_agreed" && state?["lastStatus"]?.string == "15")
    }

    @Test func `is replaced, and both trails say so, after a crash too`() throws {
        let world = try World()
        try world.start()
        let letter = try Office("H37.12", in: world).send(to: ["H31.7", "H31.45.2"])
        try Office("H31.7", in: world).take()
        let new = try Office("H37.12", in: world).send(
            to: ["H31.7", "H31.45.2"], ["--replaces", letter.documentID, "--reason", "Sai số liệu"])
        world.kill()
        try world.start()
        let sender = try Office("H37.12", in: world)
        #expect(try sender.relations(letter.key) == ["replacedBy \(new.key)"])
        #expect(try sender.relations(new.key) == ["replaces \(letter.key)"])
        #expect(try sender.stages(letter.key) == ["H31.7": "delivered", "H31.45.2": "withdrawn"])
        let waiting = try Office("H31.45.2", in: world).take()
        #expect(waiting.compactMap { $0["documentKey"]?.string } == [new.key])
        // A resend gets the receipt of the first time and does nothing more.
        let again = try sender.client.submit(new.bytes)
        #expect(again.status == 200 && again.json["documentKey"]?.string == new.key)
        let limited = try sender.send(
            to: ["H31.45.2"],
            [
                "--replaces", new.documentID, "--replaces-for", "H31.45.2", "--reason", "Sai lần nữa",
            ])
        #expect(try sender.stages(new.key) == ["H31.7": "queued", "H31.45.2": "delivered"])
        #expect(limited.receipt["recipients"]?.array?.compactMap(\.string) == ["H31.45.2"])
    }

    @Test func `is recalled by the agency that took over, from the one that took over`() throws {
        let world = try World()
        try world.start()
        let letter = try Office("H37.12", in: world).send(to: ["H31.7"])
        try Office("H31.7", in: world).take()
        for (ended, heir) in [("H37.12", "H37.14"), ("H31.7", "H31.45.2")] {
            let retired = try world.run(["agency", "retire", ended, "--successor", heir], as: "operator")
            try #require(retired.code == 0, "\(retired.errors)")
        }
        let (sender, recipient) = (try Office("H37.14", in: world), try Office("H31.45.2", in: world))
        let recall = try sender.send(to: ["H31.7"], ["--recalls", letter.documentID, "--reason", "Gửi nhầm"])
        #expect(recall.receipt["recipients"]?.array?.compactMap(\.string) == ["H31.45.2"])
        #expect(try recipient.take().compactMap { $0["documentKey"]?.string } == [recall.key])
        try recipient.report("15", of: recall.key)
        #expect(try sender.take().compactMap { $0["kind"]?.string } == ["status"])
    }
}
