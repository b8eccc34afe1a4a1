internal import Files
internal import OpenSSL

/// What the machine itself needs for the same letters: no network, no XML, no database.
struct BenchFloor {
    private static let batch = 64

    private let letters: [[UInt8]]
    private let folder: String
    private let key: PublicKey
    private let signature: [UInt8]
    private let algorithm: SignatureAlgorithm
    private let message: [UInt8]

    init(_ folder: String, letters: [[UInt8]]) throws {
        self.letters = letters
        self.folder = folder
        let signer = try PrivateKey(pem: try InputFile.read("\(folder)/\(BenchWorld.sender).sign.key"))
        key = try signer.publicKey()
        if case .rsa = key.kind {
            algorithm = .rsaPKCS1(.sha256)
        } else {
            algorithm = .ecdsa(.sha256, .fixedLength)
        }
        message = Array(letters[0].prefix(700))
        signature = try signer.sign(message, algorithm)
    }

    /// Hash of each letter, one signature verification, bytes appended, one fdatasync for every 64; one
    /// thread.
    func lettersPerSecond() throws -> Double {
        let file = try File("\(folder)/floor", .createNew)
        let count = min(letters.count, 2048)
        try file.preallocate(from: 0, count: letters.prefix(count).reduce(0) { $0 + Int64($1.count) })
        var offset: Int64 = 0
        let began = MonotonicClock.microseconds
        for (index, letter) in letters.prefix(count).enumerated() {
            try hashAndVerify(letter)
            try file.write(letter, at: offset)
            offset += Int64(letter.count)
            if index % Self.batch == Self.batch - 1 { try file.synchronize() }
        }
        try file.synchronize()
        let seconds = Double(MonotonicClock.microseconds - began) / 1_000_000
        try Files.Directory.remove(file.path)
        return Double(count) / seconds
    }

    /// What a signature's check needs at the least: one hash over the letter, one signature verification.
    func hashAndVerify(_ letter: [UInt8]) throws {
        _ = SHA256.hash(letter)
        guard key.verifies(signature, over: message, algorithm) else {
            throw CommandFailure(.refused, "chữ ký của sàn không đúng")
        }
    }

    /// Seconds for copying and hashing a file, as `cp` and `sha256sum` do, with the copy made durable.
    static func copyAndHash(_ source: String, to target: String) throws -> Double {
        let began = MonotonicClock.microseconds
        let (input, output) = (try File(source, .read), try File(target, .createNew))
        var digest = SHA256()
        var offset: Int64 = 0
        try input.forEachPiece { piece in
            digest.update(piece.span)
            try output.write(piece, at: offset)
            offset += Int64(piece.count)
        }
        try output.synchronize()
        _ = digest.finalize()
        let seconds = Double(MonotonicClock.microseconds - began) / 1_000_000
        try Files.Directory.remove(target)
        return seconds
    }
}
