import Exchange
import Foundation
import JSON
import Synchronization
import Testing

/// What callers were promised, and whether the hub kept it: every 2xx has exactly one stored letter with its
/// exact bytes, one delivery for each recipient, one log entry and one receipt that verifies offline;
/// everything else changed nothing; the log never goes back.
///
/// All of it is seen from outside: over HTTP, and with the auditor's tools.
final class Promises: Sendable {
    private struct Record {
        var receipts: [Int: [UInt8]] = [:]
        /// How often a letter was answered 201.
        var created: [Int: Int] = [:]
        /// Sent, and no receipt yet: it may be in or not.
        var unanswered: Set<Int> = []
        /// How often each was sent.
        var attempts: [Int: Int] = [:]
        /// Recipient and document key of each acknowledgement that was answered 2xx.
        var acknowledged: [String: Int] = [:]
        var findings: [String] = []
        var replayed = 0
    }

    private let record = Mutex(Record())

    func find(_ finding: String) { record.withLock { $0.findings.append(finding) } }

    func willSend(_ letter: Int) {
        record.withLock { record in
            record.attempts[letter, default: 0] += 1
            if record.receipts[letter] == nil { record.unanswered.insert(letter) }
        }
    }

    func wasAccepted(_ letter: Int, created: Bool, _ receipt: [UInt8]) {
        record.withLock { record in
            if let earlier = record.receipts[letter] {
                record.replayed += 1
                if earlier != receipt { record.findings.append("letter \(letter) has two receipts") }
            }
            // Two senders may send one letter at once; the replay's answer may then be seen first.
            if created {
                record.created[letter, default: 0] += 1
                if record.created[letter] == 2 {
                    record.findings.append("letter \(letter) was accepted twice")
                }
            }
            record.receipts[letter] = receipt
            record.unanswered.remove(letter)
        }
    }

    /// The hub said that nothing happened; nobody will send it again. Where it was sent before, an earlier
    /// attempt that nobody answered may be in all the same: that one is still owed.
    func wasRefusedForGood(_ letter: Int) {
        record.withLock { record in
            if record.attempts[letter] == 1 { record.unanswered.remove(letter) }
        }
    }

    func isAccepted(_ letter: Int) -> Bool { record.withLock { $0.receipts[letter] != nil } }

    /// Letters that are owed a receipt.
    var unanswered: [Int] { record.withLock { $0.unanswered.sorted() } }
    var accepted: [Int] { record.withLock { $0.receipts.keys.sorted() } }

    func wasOffered(_ delivery: String) {
        record.withLock { record in
            if record.acknowledged[delivery] != nil {
                record.findings.append("\(delivery) came again after its acknowledgement")
            }
        }
    }

    func wasAcknowledged(_ delivery: String) {
        record.withLock { $0.acknowledged[delivery, default: 0] += 1 }
    }

    /// Nil where nobody has a receipt.
    func key(of letter: Int) throws -> String? {
        try record.withLock {
            try $0.receipts[letter].flatMap { try JSONReader.read($0)["documentKey"]?.string }
        }
    }

    var acknowledgements: Int { record.withLock { $0.acknowledged.count } }

    var summary: String {
        record.withLock {
            "\($0.receipts.count) letters, \($0.replayed) resends, \($0.acknowledged.count) acknowledgements"
        }
    }

    /// Everything that the hub owes, against what it has; what is wrong, one line each.
    ///
    /// - Parameter receiptsChecked: how many receipts are checked by the offline tool, spread over all.
    func check(_ world: World, _ letters: LetterSupply, receiptsChecked: Int = 20) throws -> [String] {
        let (receipts, acknowledged, findings) = record.withLock {
            ($0.receipts, $0.acknowledged, $0.findings)
        }
        var wrong = findings
        for (name, count) in acknowledged where count != 1 { wrong.append("\(name): \(count) acknowledged") }
        let sender = try world.client(World.sender)
        var keys: Set<String> = []
        for (number, receipt) in receipts {
            guard let key = try JSONReader.read(receipt)["documentKey"]?.string else {
                wrong.append("the receipt of letter \(number) has no key")
                continue
            }
            keys.insert(key)
            if try sender.get("/v1/documents/\(key)/content").bytes != (try letters.letter(number)) {
                wrong.append("letter \(number) is not what was sent")
            }
            let again = try sender.submit(try letters.letter(number))
            if again.status != 200 || again.bytes != receipt {
                wrong.append("letter \(number) sent again: \(again.status), or another receipt")
            }
            let trail = try JSONReader.read(try sender.get("/v1/documents/\(key)").bytes)
            let states = trail["deliveries"]?.array?.compactMap { $0["state"]?.string } ?? []
            if states != Array(repeating: "delivered", count: World.recipients.count) {
                wrong.append("the deliveries of letter \(number) are \(states)")
            }
        }
        return wrong + (try checkLog(world, letters, receipts, keys, receiptsChecked))
    }

    private func checkLog(
        _ world: World, _ letters: LetterSupply, _ receipts: [Int: [UInt8]], _ keys: Set<String>,
        _ receiptsChecked: Int
    ) throws -> [String] {
        let mirror = world.path("mirror")
        let mirrored = try world.run(["audit", "mirror", mirror], as: "auditor")
        guard mirrored.code == 0 else { return ["the log cannot be mirrored: \(mirrored.errors)"] }
        let told = try Program.lienthong(["log", "vkey", "--config", world.path("hub.json5"), "--json"])
        let key = try #require(told.json?["vkey"]?.string)
        var wrong: [String] = []
        // Each checkpoint that a receipt quotes must be a beginning of the log as it is now.
        for receipt in receipts.values {
            let quoted = try Self.checkpoint(in: receipt)
            try quoted.note.write(
                toFile: "\(mirror)/checkpoint.\(quoted.size)", atomically: false, encoding: .utf8)
        }
        let verified = try Program.lienthong(["audit", "verify", mirror, "--key", key])
        if verified.code != 0 { wrong.append("the log does not hold: \(verified.errors)") }
        let step = max(1, receipts.count / max(1, receiptsChecked))
        for number in receipts.keys.sorted().enumerated().filter({ $0.offset % step == 0 }).map(\.element) {
            let (file, document) = (world.path("receipt.json"), world.path("receipt.edxml"))
            try Data(receipts[number] ?? []).write(to: URL(fileURLWithPath: file))
            try Data(try letters.letter(number)).write(to: URL(fileURLWithPath: document))
            let checked = try Program.lienthong([
                "audit", "receipt", file, "--document", document, "--key", key,
            ])
            if checked.code != 0 { wrong.append("the receipt of letter \(number): \(checked.errors)") }
        }
        var entries: [String: Int] = [:]
        for entry in try MirroredLog.entries(mirror) where entry["event"]?.string == "document.accepted" {
            entries[entry["documentKey"]?.string ?? "", default: 0] += 1
        }
        for (key, count) in entries where count != 1 { wrong.append("\(key) has \(count) entries") }
        let strangers = Set(entries.keys).subtracting(keys)
        if !strangers.isEmpty { wrong.append("\(strangers.sorted()) are in the log and in nobody's hands") }
        let missing = keys.subtracting(entries.keys)
        if !missing.isEmpty { wrong.append("\(missing.sorted()) have no entry") }
        return wrong
    }

    private static func checkpoint(in receipt: [UInt8]) throws -> (size: Int64, note: String) {
        let proof = try #require(try JSONReader.read(receipt)["proof"]?.string)
        let blank = try #require(proof.range(of: "\n\n"))
        let note = String(proof[blank.upperBound...])
        return (try #require(Int64(note.split(separator: "\n")[1])), note)
    }
}
