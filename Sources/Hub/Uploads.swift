package import Exchange
internal import Files
internal import OpenSSL
internal import Synchronization

/// Messages on their way in through several requests, for offices on bad lines.
///
/// Nothing here is acknowledged as kept: only the receipt says that. So nothing is synced; after a loss of
/// power the next question for the offset is answered with 0.
package final class Uploads: Sendable {
    package struct Limits: Sendable {
        /// Unfinished ones of one agency.
        package var perAgencyMax = 16
        /// Finished ones of one agency that are remembered for a client which lost the answer; the oldest
        /// are forgotten first.
        package var finishedPerAgencyMax = 256
        /// After that an upload is forgotten, finished or not; seconds.
        package var secondsMax: Int64 = 86_400

        package init() {}
    }

    private let folder: String
    private let limits: Limits
    private let clock: Clock
    private let bytesMax: Int64
    private let boot: String?
    private let uploads: Mutex<[String: Upload]>

    /// Takes up again what an earlier run of the hub left.
    ///
    /// - Parameters:
    ///   - bytesMax: of one upload.
    ///   - boot: what tells this run of the kernel from others.
    init(
        folder: String, limits: Limits, clock: Clock, bytesMax: Int64, boot: String? = Boot.identifier()
    ) throws(FileError) {
        self.folder = folder
        self.limits = limits
        self.clock = clock
        self.bytesMax = bytesMax
        self.boot = boot
        try Files.Directory.create(folder)
        var found: [String: Upload] = [:]
        for name in try Files.Directory.names(in: folder) {
            guard name.hasSuffix(".json") else { continue }
            let identifier = String(name.dropLast(5))
            found[identifier] = Upload(
                reading: "\(folder)/\(identifier)", identifier: identifier, bytesMax: bytesMax, boot: boot)
        }
        // What belongs to none of them was left half-made.
        for name in try Files.Directory.names(in: folder) {
            let identifier = String(name.prefix { $0 != "." })
            if found[identifier] == nil || name.hasSuffix(".new") {
                try? Files.Directory.remove("\(folder)/\(name)")
            }
        }
        uploads = Mutex(found)
    }

    /// A client that makes the same upload again has lost the answer to the first: that one goes, so that it
    /// does not stand in the way for a day.
    ///
    /// - Parameters:
    ///   - length: of the whole, in bytes; nil where the client does not say.
    ///   - sha256: of the whole.
    package func create(
        owner: AgencyCode, contentType: String, length: Int64?, sha256: Digest256?
    ) throws(Rejection) -> Upload {
        if let length, length > bytesMax {
            throw Rejection(.tooLarge, "Văn bản lớn hơn giới hạn \(bytesMax) byte của trục.")
        }
        forgetForgotten(of: owner, sha256)
        let open = uploads.withLock { $0.values.count { $0.owner == owner && $0.documentKey == nil } }
        guard open < limits.perAgencyMax else {
            throw Rejection(
                .tooManyRequests,
                "Cơ quan đang có \(open) lần gửi dở dang; hãy gửi tiếp hoặc hủy (DELETE) trước khi mở thêm.",
                remedy: .retry(afterSeconds: 60))
        }
        let identifier = Hex.encode(SecureRandom.bytes(16))
        do {
            let upload = try Upload(
                creating: "\(folder)/\(identifier)", identifier: identifier, owner: owner,
                contentType: contentType, length: length, sha256: sha256, created: clock.now(),
                bytesMax: bytesMax, boot: boot)
            uploads.withLock { $0[identifier] = upload }
            return upload
        } catch {
            throw Rejection(
                .storageUnavailable, "Trục chưa mở được lần gửi mới. Hãy thử lại sau.",
                remedy: .retry(afterSeconds: 30), internalDetail: "\(error)")
        }
    }

    /// The agency's unfinished upload of these very bytes: a client that lost the reply of the creation goes
    /// on with it, and nothing that came is lost.
    package func unfinished(
        of owner: AgencyCode, contentType: String, length: Int64?, sha256: Digest256
    ) -> Upload? {
        uploads.withLock { uploads in
            uploads.values.first {
                $0.owner == owner && $0.sha256 == sha256 && $0.length == length
                    && $0.contentType == contentType && $0.documentKey == nil && !$0.isFinishing
            }
        }
    }

    private func forgetForgotten(of owner: AgencyCode, _ sha256: Digest256?) {
        let own = uploads.withLock { $0.values.filter { $0.owner == owner } }
        if let sha256 {
            for upload in own
            where upload.sha256 == sha256 && upload.documentKey == nil && !upload.isFinishing {
                remove(upload)
            }
        }
        let finished = own.filter { $0.documentKey != nil }.sorted { $0.created < $1.created }
        for upload in finished.dropLast(limits.finishedPerAgencyMax) { remove(upload) }
    }

    /// What clients have announced and not sent yet.
    var awaitedBytes: Int64 { uploads.withLock { $0.values.reduce(0) { $0 + $1.awaitedBytes } } }

    /// Nil where there is none, or where it is somebody else's.
    package func find(_ identifier: String, owner: AgencyCode) -> Upload? {
        guard let upload = uploads.withLock({ $0[identifier] }), upload.owner == owner else { return nil }
        return upload
    }

    package func remove(_ upload: Upload) {
        uploads.withLock { $0[upload.identifier] = nil }
        upload.remove()
    }

    /// Forgets what is too old.
    ///
    /// - Returns: how many of them were unfinished.
    func expire() -> Int {
        let limit = clock.now().adding(seconds: -limits.secondsMax)
        let old = uploads.withLock { uploads in uploads.values.filter { $0.created < limit } }
        for upload in old { remove(upload) }
        return old.count { $0.documentKey == nil }
    }

    /// Unfinished ones.
    var openCount: Int { uploads.withLock { $0.values.count { $0.documentKey == nil } } }
}
