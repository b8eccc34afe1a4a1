package import Exchange
internal import OpenSSL
internal import XML

/// What is known of an attachment when its content begins.
package struct AttachmentHead: Sendable, Equatable {
    /// From 0, in the order of the file.
    package let index: Int
    /// Without `cid:`.
    package let contentID: ExactString
    package let name: String
    package let contentType: String

    package init(index: Int, contentID: ExactString, name: String, contentType: String) {
        self.index = index
        self.contentID = contentID
        self.name = name
        self.contentType = contentType
    }
}

/// Takes the attachments' files as they are decoded and unpacked.
///
/// While it is called it must not ask the reader for anything, nor feed it.
///
/// Not trustworthy before `EdXMLReader.message()` has returned: a letter may turn out to be wrong after its
/// attachments have been handed on.
package protocol AttachmentConsumer: AnyObject {
    func begin(_ attachment: AttachmentHead)
    func write(_ bytes: Span<UInt8>)
    /// Not called for an attachment that cannot be decoded.
    func end()
}

/// One attachment's way from characters to a hashed file: base 64, then the ZIP archive where one was made
/// for the journey. Holds a piece of it at most.
final class AttachmentDecoder {
    struct Failure: Error {
        let code: RejectionCode
        let detail: String
    }

    private let bytesMax: Int
    private let consumer: (any AttachmentConsumer)?
    private let buffers: DecodingBuffer
    private var base64 = Base64StreamDecoder()
    private var archive: ZipEntryReader?
    private var hash = SHA256()
    private let isHashed: Bool
    private var byteCount = 0
    private var encodedBytes = 0
    /// What was made of the characters so far, whatever became of it.
    var decodedByteCount: Int { max(byteCount, encodedBytes) }
    private(set) var failure: Failure?

    init(
        isPacked: Bool, isHashed: Bool, limits: EdXMLLimits, buffers: DecodingBuffer,
        consumer: (any AttachmentConsumer)?
    ) {
        self.isHashed = isHashed
        bytesMax = limits.attachmentBytesMax
        self.buffers = buffers
        self.consumer = consumer
        if isPacked {
            archive = ZipEntryReader(ratioMax: limits.unpackRatioMax, freeBytes: limits.unpackFreeBytes)
        }
    }

    func write(_ characters: Span<UInt8>) {
        unsafe characters.withUnsafeBufferPointer { all in
            var start = 0
            while failure == nil, start < all.count {
                let end = min(all.count, start + DecodingBuffer.charactersMax)
                unsafe decode(UnsafeBufferPointer(rebasing: all[start..<end]))
                start = end
            }
        }
    }

    private func decode(_ characters: UnsafeBufferPointer<UInt8>) {
        guard let count = unsafe base64.decode(characters, into: buffers.start) else {
            return fail(.attachmentEncoding, "Nội dung tệp đính kèm không phải base64 đúng chuẩn (RFC 4648).")
        }
        encodedBytes += count
        if encodedBytes > bytesMax { return failForSize() }
        let bytes = unsafe UnsafeBufferPointer(
            start: buffers.start.assumingMemoryBound(to: UInt8.self), count: count)
        guard archive != nil else { return unsafe emit(bytes) }
        do {
            try unsafe archive?.read(bytes) { unpacked in
                unsafe emit(unpacked)
                return failure == nil
            }
        } catch { fail(error) }
    }

    private func emit(_ bytes: UnsafeBufferPointer<UInt8>) {
        byteCount += bytes.count
        if byteCount > bytesMax { return failForSize() }
        if isHashed { unsafe hash.update(bytes.span) }
        unsafe consumer?.write(bytes.span)
    }

    /// The decoded file's length and, where it was asked for, its hash.
    func finish() throws(Failure) -> (byteCount: Int, sha256: Digest256?) {
        if failure == nil, !base64.isWhole {
            fail(.attachmentEncoding, "Nội dung base64 của tệp đính kèm bị cắt ngang.")
        }
        if failure == nil {
            do { try archive?.finish() } catch { fail(error) }
        }
        if let failure { throw failure }
        return (byteCount, isHashed ? hash.finalize() : nil)
    }

    private func fail(_ code: RejectionCode, _ detail: String) {
        if failure == nil { failure = Failure(code: code, detail: detail) }
    }

    private func failForSize() {
        fail(.attachmentTooLarge, "Tệp đính kèm lớn quá \(bytesMax) byte sau khi giải mã.")
    }

    private func fail(_ fault: ZipEntryReader.Fault) {
        let detail =
            switch fault {
            case .notZip: "Ghi application/zip nhưng nội dung không phải tệp ZIP."
            case .encrypted: "Tệp ZIP có mật khẩu; hãy nén lại không mật khẩu."
            case .method: "Tệp ZIP dùng cách nén khác DEFLATE; hãy nén lại bằng DEFLATE."
            case .entryName: "Tên tệp bên trong ZIP không hợp lệ (có đường dẫn hoặc ký tự điều khiển)."
            case .corrupt, .stopped: "Tệp ZIP bị hỏng hoặc mục lục không khớp với nội dung."
            case .severalEntries: "Tệp ZIP đóng gói phải chứa đúng một tệp."
            case .bomb: "Tệp ZIP giải nén ra quá lớn so với kích thước nén."
            }
        fail(.attachmentArchive, detail)
    }
}

/// Where decoded bytes lie until they are handed on; one for all attachments of a letter.
@safe final class DecodingBuffer {
    static let charactersMax = 32 << 10
    let start: UnsafeMutableRawPointer

    init() {
        unsafe start = .allocate(
            byteCount: Base64StreamDecoder.capacity(for: Self.charactersMax), alignment: 16)
    }

    deinit { unsafe start.deallocate() }
}
