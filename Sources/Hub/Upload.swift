package import Exchange
internal import Files
internal import JSON
internal import Synchronization

/// A message that arrives in several requests: a file that grows, whose length is the truth about how much of
/// it is here. It survives the end of a connection and a restart of the hub.
///
/// The file is open only while a request writes or reads it: a hub has many more uploads than descriptors.
package final class Upload: Sendable {
    private struct State {
        /// Open while a request brings bytes.
        var file: File?
        var offset: Int64
        /// Raised whenever somebody asks how far it is, or goes on with it: a connection that is dead to its
        /// client but not to us must not write any more.
        var generation = 0
        var isFinishing = false
        var documentKey: DocumentKey?
    }

    package let identifier: String
    package let owner: AgencyCode
    /// Of the whole: `application/xml`, or a form with a detached signature.
    package let contentType: String
    /// Bytes of the whole, where the client said so.
    package let length: Int64?
    /// Of the whole, where the client said so.
    package let sha256: Digest256?
    let created: Instant
    private let path: String
    private let bytesMax: Int64
    /// The run of the kernel that has the bytes, which are not synchronized; nil where nobody knows.
    private let boot: String?
    private let state: Mutex<State>

    init(
        creating path: String, identifier: String, owner: AgencyCode, contentType: String, length: Int64?,
        sha256: Digest256?, created: Instant, bytesMax: Int64, boot: String?
    ) throws(FileError) {
        self.path = path
        self.identifier = identifier
        self.owner = owner
        self.contentType = contentType
        self.length = length
        self.sha256 = sha256
        self.created = created
        self.bytesMax = bytesMax
        self.boot = boot
        state = Mutex(State(offset: 0))
        _ = try File(path + ".part", .createNew)
        do {
            try writeDescription(nil)
        } catch {
            remove()
            throw error
        }
    }

    /// Nil where what lies at `path` is no upload.
    ///
    /// After a loss of power a file may be as long as before and hold zeros. So what another run of the
    /// kernel wrote counts for nothing, and the client hears that it begins anew; a hub that was only killed
    /// has it.
    init?(reading path: String, identifier: String, bytesMax: Int64, boot: String?) {
        guard let description = try? File(path + ".json", .read),
            let bytes = try? description.read(at: 0, count: Self.descriptionBytesMax),
            let value = try? JSONReader.read(bytes), let owner = value["owner"]?.string,
            let contentType = value["contentType"]?.string, let created = value["created"]?.integer
        else { return nil }
        let key = value["documentKey"]?.string.flatMap { DocumentKey($0) }
        var size: Int64 = 0
        var isSameBoot = true
        if key == nil {
            guard let file = try? File(path + ".part", .readWrite), let found = try? file.size() else {
                return nil
            }
            isSameBoot = boot != nil && value["boot"]?.string == boot
            size = isSameBoot ? found : 0
            if !isSameBoot {
                guard (try? file.truncate(to: 0)) != nil else { return nil }
            }
        } else {
            // The hub ended between the note and this.
            try? Files.Directory.remove(path + ".part")
        }
        self.path = path
        self.identifier = identifier
        self.owner = AgencyCode(owner)
        self.contentType = contentType
        length = value["length"]?.integer
        sha256 = value["sha256"]?.string.flatMap { Digest256(hex: $0) }
        self.created = Instant(milliseconds: created)
        self.bytesMax = bytesMax
        self.boot = boot
        state = Mutex(State(offset: size, documentKey: key))
        // Where this fails, the next start begins anew once more.
        if !isSameBoot { try? writeDescription(nil) }
    }

    private static let descriptionBytesMax = 8192

    /// What the message became, once it was accepted.
    package var documentKey: DocumentKey? { state.withLock { $0.documentKey } }

    /// The hub is reading it: an answer will be there soon.
    package var isFinishing: Bool { state.withLock { $0.isFinishing && $0.documentKey == nil } }

    /// What the client has announced and not sent yet.
    var awaitedBytes: Int64 {
        state.withLock { $0.documentKey == nil ? max(0, (length ?? 0) - $0.offset) : 0 }
    }

    /// How much is here. Whoever was writing may write no more: the client that asks has lost that one.
    package func takeStock() -> Int64 {
        state.withLock { state in
            state.generation += 1
            state.file = nil
            return state.offset
        }
    }

    /// Lets the caller go on at `offset`.
    ///
    /// - Returns: what `append` wants to know it by; nil where another offset is right, or where the message
    ///   is whole.
    package func beginWriting(at offset: Int64) -> Int? {
        state.withLock { state in
            guard state.offset == offset, !state.isFinishing, state.documentKey == nil else { return nil }
            state.generation += 1
            return state.generation
        }
    }

    /// - Returns: false where another request has taken over.
    package func append(_ bytes: Span<UInt8>, writer: Int) throws(Rejection) -> Bool {
        try state.withLock { state throws(Rejection) in
            guard state.generation == writer, !state.isFinishing else { return false }
            guard state.offset + Int64(bytes.count) <= length ?? bytesMax else {
                throw Rejection(.tooLarge, "Nội dung gửi lên dài hơn \(length ?? bytesMax) byte.")
            }
            do throws(FileError) {
                let file = if let open = state.file { open } else { try File(path + ".part", .readWrite) }
                state.file = file
                try file.write(bytes, at: state.offset)
            } catch {
                throw Rejection(
                    .storageUnavailable, "Trục chưa ghi được phần vừa gửi. Hãy thử lại sau.",
                    remedy: .retry(afterSeconds: 30), internalDetail: "\(error)")
            }
            state.offset += Int64(bytes.count)
            return true
        }
    }

    /// The request that wrote is over; its descriptor is given back.
    package func endWriting(_ writer: Int) {
        state.withLock { state in
            if state.generation == writer { state.file = nil }
        }
    }

    /// Takes the message as whole; no more is written after that.
    ///
    /// - Returns: false where the client announced another length, or another request has taken over.
    package func beginFinishing(writer: Int) -> Bool {
        state.withLock { state in
            guard state.generation == writer, !state.isFinishing, length ?? state.offset == state.offset
            else {
                return false
            }
            state.isFinishing = true
            state.file = nil
            return true
        }
    }

    /// The hub could not take it now: it may be finished again later.
    package func abandonFinishing() {
        state.withLock { $0.isFinishing = false }
    }

    /// Nothing once it is finished.
    package func forEachPiece(_ body: ([UInt8]) throws -> Void) throws {
        guard documentKey == nil else { return }
        try File(path + ".part", .read).forEachPiece(body)
    }

    /// Remembers what it became, for a client that lost the last reply, and frees the bytes.
    package func finish(as key: DocumentKey) {
        state.withLock { state in
            state.documentKey = key
            state.file = nil
        }
        // Without this note the client sends it again and gets the same receipt: the letter is in.
        guard (try? writeDescription(key)) != nil else { return }
        try? Files.Directory.remove(path + ".part")
    }

    func remove() {
        for suffix in [".part", ".json"] { try? Files.Directory.remove(path + suffix) }
    }

    private func writeDescription(_ key: DocumentKey?) throws(FileError) {
        let bytes = JSONWriter.object { json in
            json.member("owner", owner)
            json.member("contentType", contentType)
            if let length { json.member("length", length) }
            json.member("sha256", optional: sha256?.hex)
            json.member("created", created.milliseconds)
            json.member("boot", optional: boot)
            json.member("documentKey", optional: key?.description)
        }
        try Files.Directory.replace(path + ".json", with: bytes, durably: false)
    }
}
