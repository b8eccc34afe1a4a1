import Exchange
import Foundation
import OpenSSL
import Synchronization
import Testing

@testable import Hub

/// A clock that stands until it is moved.
private final class StandingClock: Sendable {
    private let now = Mutex(Instant(seconds: 1_795_000_000))
    var clock: Clock { Clock { self.now.withLock { $0 } } }
    func move(seconds: Int64) { now.withLock { $0 = $0.adding(seconds: seconds) } }
}

private final class Folder {
    let path = NSTemporaryDirectory() + "uploads-" + UUID().uuidString
    let time = StandingClock()
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func uploads(
        perAgency: Int = 16, bytesMax: Int64 = 1 << 20, boot: String? = "this one"
    ) throws -> Uploads {
        var limits = Uploads.Limits()
        limits.perAgencyMax = perAgency
        limits.secondsMax = 100
        return try Uploads(folder: path, limits: limits, clock: time.clock, bytesMax: bytesMax, boot: boot)
    }
}

extension Uploads {
    fileprivate func make(_ owner: AgencyCode = "A", length: Int64? = nil) throws(Rejection) -> Upload {
        try create(owner: owner, contentType: "application/xml", length: length, sha256: nil)
    }
}

@Suite struct `An upload in several requests` {
    private func bytes(_ upload: Upload) throws -> [UInt8] {
        var all: [UInt8] = []
        try upload.forEachPiece { all += $0 }
        return all
    }

    @Test func `goes on where it was, also after a restart`() throws {
        let folder = Folder()
        let uploads = try folder.uploads()
        let upload = try uploads.make(length: 6)
        let writer = try #require(upload.beginWriting(at: 0))
        #expect(try upload.append([1, 2, 3].span, writer: writer))
        let later = try #require(try folder.uploads().find(upload.identifier, owner: "A"))
        #expect(later.takeStock() == 3 && later.length == 6 && later.contentType == "application/xml")
        let next = try #require(later.beginWriting(at: 3))
        #expect(try later.append([4, 5, 6].span, writer: next))
        #expect(later.beginFinishing(writer: next))
        #expect(try bytes(later) == [1, 2, 3, 4, 5, 6])
        let key = DocumentKey(truncating: SHA256.hash([9]))
        later.finish(as: key)
        let known = try #require(try folder.uploads().find(upload.identifier, owner: "A"))
        #expect(known.documentKey == key && known.beginWriting(at: 0) == nil)
        #expect(try bytes(known).isEmpty)
    }

    /// The power went: the file has its length, and nobody knows what is in it.
    @Test(arguments: ["another one", nil])
    func `begins anew after the machine was started again`(_ boot: String?) throws {
        let folder = Folder()
        let upload = try folder.uploads().make(length: 4)
        let writer = try #require(upload.beginWriting(at: 0))
        #expect(try upload.append([0, 0, 0].span, writer: writer))
        let later = try #require(try folder.uploads(boot: boot).find(upload.identifier, owner: "A"))
        #expect(later.beginWriting(at: 3) == nil && later.takeStock() == 0)
        let next = try #require(later.beginWriting(at: 0))
        #expect(try later.append([7].span, writer: next))
        // Killed now, it has what came in the new run, where the run is known at all.
        let last = try #require(try folder.uploads(boot: boot).find(upload.identifier, owner: "A"))
        #expect(try bytes(last) == (boot == nil ? [] : [7]))
        #expect(last.takeStock() == (boot == nil ? 0 : 1))
    }

    @Test func `that is whole stays whole after the machine was started again`() throws {
        let folder = Folder()
        let upload = try folder.uploads().make()
        let writer = try #require(upload.beginWriting(at: 0))
        #expect(upload.beginFinishing(writer: writer))
        let key = DocumentKey(truncating: SHA256.hash([9]))
        upload.finish(as: key)
        let known = try folder.uploads(boot: "another one").find(upload.identifier, owner: "A")
        #expect(known?.documentKey == key)
    }

    @Test func `holds no file any more once it is finished, also after a restart`() throws {
        let folder = Folder()
        let uploads = try folder.uploads()
        let upload = try uploads.make()
        #expect(try openFiles(in: folder.path) == 0)
        let writer = try #require(upload.beginWriting(at: 0))
        #expect(try upload.append([1].span, writer: writer))
        #expect(try openFiles(in: folder.path) == 1)
        upload.endWriting(writer)
        #expect(try openFiles(in: folder.path) == 0)
        let last = try #require(upload.beginWriting(at: 1))
        #expect(try upload.append([2].span, writer: last))
        #expect(upload.beginFinishing(writer: last))
        #expect(try openFiles(in: folder.path) == 0)
        upload.finish(as: DocumentKey(truncating: SHA256.hash([9])))
        #expect(try openFiles(in: folder.path) == 0)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/\(upload.identifier).part"))
        let again = try folder.uploads()
        #expect(again.find(upload.identifier, owner: "A")?.documentKey != nil)
        #expect(try openFiles(in: folder.path) == 0)
    }

    private func openFiles(in folder: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            return target?.hasPrefix(folder) ?? false
        }
    }

    @Test func `that is made again takes the place of the first, unless that one is whole`() throws {
        let folder = Folder()
        let uploads = try folder.uploads(perAgency: 1)
        func make() throws(Rejection) -> Upload {
            try uploads.create(
                owner: "A", contentType: "application/xml", length: 3, sha256: SHA256.hash([1, 2, 3]))
        }
        let lost = try make()
        func known(_ length: Int64?) -> Upload? {
            uploads.unfinished(
                of: "A", contentType: "application/xml", length: length, sha256: SHA256.hash([1, 2, 3]))
        }
        #expect(known(3) === lost && known(nil) == nil)
        let second = try make()
        #expect(uploads.find(lost.identifier, owner: "A") == nil)
        let writer = try #require(second.beginWriting(at: 0))
        #expect(try second.append([1, 2, 3].span, writer: writer))
        #expect(second.beginFinishing(writer: writer) && second.isFinishing && known(3) == nil)
        #expect(throws: Rejection.self) { try make() }
        #expect(uploads.find(second.identifier, owner: "A") != nil)
        second.finish(as: DocumentKey(truncating: SHA256.hash([9])))
        #expect(!second.isFinishing)
        _ = try make()
    }

    @Test func `is forgotten early where an agency has finished very many`() throws {
        let folder = Folder()
        let uploads = try folder.uploads()
        var finished: [Upload] = []
        for number in 0..<300 {
            let upload = try uploads.make()
            upload.finish(as: DocumentKey(truncating: SHA256.hash([UInt8(number % 256)])))
            finished.append(upload)
            folder.time.move(seconds: number == 0 ? 1 : 0)
        }
        #expect(uploads.find(finished[0].identifier, owner: "A") == nil)
        #expect(finished.count { uploads.find($0.identifier, owner: "A") != nil } == 257)
    }

    @Test func `belongs to whoever asked for it last`() throws {
        let folder = Folder()
        let upload = try folder.uploads().make()
        let first = try #require(upload.beginWriting(at: 0))
        #expect(try upload.append([1].span, writer: first))
        #expect(upload.takeStock() == 1)
        #expect(try !upload.append([2].span, writer: first))
        #expect(!upload.beginFinishing(writer: first))
        #expect(upload.beginWriting(at: 0) == nil && upload.beginWriting(at: 2) == nil)
        let second = try #require(upload.beginWriting(at: 1))
        #expect(try upload.append([2].span, writer: second))
        #expect(upload.beginFinishing(writer: second))
        #expect(upload.beginWriting(at: 2) == nil)
        upload.abandonFinishing()
        #expect(upload.beginWriting(at: 2) != nil)
        #expect(try bytes(upload) == [1, 2])
    }

    @Test func `holds no more than was announced, and is whole only then`() throws {
        let folder = Folder()
        let uploads = try folder.uploads(bytesMax: 10)
        #expect(throws: Rejection.self) { try uploads.make(length: 11) }
        let upload = try uploads.make(length: 2)
        let writer = try #require(upload.beginWriting(at: 0))
        #expect(try upload.append([1].span, writer: writer))
        #expect(!upload.beginFinishing(writer: writer))
        let again = try #require(upload.beginWriting(at: 1))
        do {
            _ = try upload.append([2, 3].span, writer: again)
            Issue.record("more than announced was taken")
        } catch {
            #expect(error.code == .tooLarge)
        }
    }

    @Test func `is nobody else's, and there are not too many`() throws {
        let folder = Folder()
        let uploads = try folder.uploads(perAgency: 2)
        let upload = try uploads.make("A")
        _ = try uploads.make("A")
        #expect(uploads.find(upload.identifier, owner: "B") == nil)
        do {
            _ = try uploads.make("A")
            Issue.record("a third one was opened")
        } catch {
            #expect(error.code == .tooManyRequests)
        }
        _ = try uploads.make("B")
        uploads.remove(upload)
        _ = try uploads.make("A")
    }

    @Test func `is forgotten when its time is over, with its files`() throws {
        let folder = Folder()
        let uploads = try folder.uploads()
        let old = try uploads.make()
        folder.time.move(seconds: 60)
        let young = try uploads.make()
        #expect(uploads.expire() == 0)
        folder.time.move(seconds: 41)
        #expect(uploads.expire() == 1)
        #expect(uploads.find(old.identifier, owner: "A") == nil)
        #expect(uploads.find(young.identifier, owner: "A") != nil)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count == 2 && names.allSatisfy { $0.hasPrefix(young.identifier) })
    }

    @Test func `leaves nothing of what was half-made or damaged`() throws {
        let folder = Folder()
        _ = try folder.uploads()
        for name in ["a.part", "b.json", "c.new", "d.json", "d.part"] {
            try Data("{".utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
        }
        _ = try folder.uploads()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
