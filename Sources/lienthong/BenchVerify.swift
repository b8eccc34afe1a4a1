internal import EdXML
internal import Exchange
internal import Hub
internal import OpenSSL
internal import Signature
internal import Synchronization
internal import XML

/// verify: letters read and judged in this process, parsed certificates and chains in the caches as they are
/// in a hub that runs, against OpenSSL's hash and signature verification of the same letters; and the same
/// for the signature alone, without reading what the letter says and decoding what is attached to it.
enum BenchVerify {
    private static let letterCount = 256
    /// Ours and the floor take turns, so that whatever else the machine does hits both.
    private static let roundLetters = 32

    static func run(_ settings: BenchSettings, _ terminal: Terminal) throws -> BenchResult {
        let folder = try BenchWorld.makeFolder(settings)
        defer { BenchWorld.remove(folder) }
        let size = settings.sizeBytes ?? 50 << 10
        let letters = try BenchLetters(folder, bytes: size, recipients: ["H31.7"])
            .make(min(letterCount, max(8, (1 << 28) / size)), terminal)
        let judge = try Judge(folder)
        let floor = try BenchFloor(folder, letters: letters)
        for letter in letters.prefix(4) { try judge.check(letter) }
        let one = try measure(judge, floor, letters, milliseconds: settings.seconds * 500)
        let two = try together(judge, letters, milliseconds: settings.seconds * 250)
        return BenchResult(
            scenario: "verify", conditions: "\(letters[0].count) byte, \(settings.algorithm), một luồng",
            letters: one.letters, ratePerSecond: 1e9 * Double(one.letters) / Double(one.nanoseconds),
            floorPerSecond: 1e9 * Double(one.letters) / Double(one.floorNanoseconds),
            clientCPUSecondsPerLetter: Double(one.nanoseconds) / 1e9 / Double(one.letters),
            others: [
                ("timesFloor", Double(one.nanoseconds) / Double(one.floorNanoseconds), ""),
                (
                    "signatureTimesFloor",
                    Double(one.signatureNanoseconds) / Double(one.floorNanoseconds), ""
                ),
                ("twoThreadsPerSecond", two, "/s"),
            ])
    }

    private struct Measured {
        var letters = 0
        var nanoseconds = 0
        var signatureNanoseconds = 0
        var floorNanoseconds = 0
    }

    private static func measure(
        _ judge: Judge, _ floor: BenchFloor, _ letters: [[UInt8]], milliseconds: Int
    ) throws -> Measured {
        let end = MonotonicClock.microseconds + milliseconds * 1000
        var measured = Measured()
        repeat {
            let round = (0..<roundLetters).map { letters[(measured.letters + $0) % letters.count] }
            let began = MonotonicClock.threadNanoseconds
            for letter in round { try judge.check(letter) }
            let judged = MonotonicClock.threadNanoseconds
            for letter in round { try judge.checkSignature(letter) }
            let verified = MonotonicClock.threadNanoseconds
            for letter in round { try floor.hashAndVerify(letter) }
            measured.floorNanoseconds += MonotonicClock.threadNanoseconds - verified
            measured.signatureNanoseconds += verified - judged
            measured.nanoseconds += judged - began
            measured.letters += roundLetters
        } while MonotonicClock.microseconds < end
        return measured
    }

    /// Letters a second of two threads at once, by the clock on the wall.
    private static func together(_ judge: Judge, _ letters: [[UInt8]], milliseconds: Int) throws -> Double {
        let began = MonotonicClock.microseconds
        let end = began + milliseconds * 1000
        let total = Atomic<Int>(0)
        try concurrently(2) { number in
            var count = 0
            while MonotonicClock.microseconds < end {
                try judge.check(letters[(number + 2 * count) % letters.count])
                count += 1
            }
            total.wrappingAdd(count, ordering: .relaxed)
        }
        return Double(total.load(ordering: .relaxed)) * 1e6 / Double(MonotonicClock.microseconds - began)
    }

    /// Reads a letter by the rules of edXML and judges its signature.
    private struct Judge: Sendable {
        let verifier: SignatureVerifier
        let time = Clock.system.now()

        init(_ folder: String) throws {
            let trust = try TrustStore(anchors: ["\(folder)/root.pem"], crls: ["\(folder)/crl.pem"])
            verifier = SignatureVerifier(trust: trust, algorithms: AlgorithmPolicy())
        }

        @inline(never) func check(_ letter: [UInt8]) throws {
            let edXML = EdXMLReader(limits: EdXMLLimits(), hashesAttachments: false)
            let signature = XMLSignatureReader()
            try read(letter, XMLEventTee(edXML, signature))
            _ = try edXML.message()
            try judge(signature)
        }

        @inline(never) func checkSignature(_ letter: [UInt8]) throws {
            let signature = XMLSignatureReader()
            try read(letter, signature)
            try judge(signature)
        }

        private func read(_ letter: [UInt8], _ handler: any XMLEventHandler) throws {
            let reader = XMLEventReader(handler: handler)
            try reader.feed(letter)
            try reader.finish()
        }

        private func judge(_ signature: XMLSignatureReader) throws {
            let report = verifier.verify(signature.evidence(), at: time)
            guard report.indication == .totalPassed else {
                throw CommandFailure(.refused, "văn bản đo tải không đạt: \(report.reasons)")
            }
        }
    }
}
