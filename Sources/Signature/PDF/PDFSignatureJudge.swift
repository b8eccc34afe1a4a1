internal import Exchange
internal import OpenSSL
internal import PDF

/// Puts the reports on a file's signatures together: the CMS, what it covers, what came later.
struct PDFSignatureJudge {
    /// A document timestamp that was judged, and the revision that it covers.
    private struct Stamp {
        let revision: Int
        let judgement: TimestampJudgement
        /// The file as it covers it has a security store.
        let coversStore: Bool
    }

    private typealias Entry = PDFSignatureSet.Entry

    private let verifier: SignatureVerifier
    private let set: PDFSignatureSet
    private let time: Instant
    private let document: String?
    private var certificates: [[UInt8]] = []
    private var embedded = RevocationData.none
    private var stamps: [Stamp] = []
    /// Bytes that may still be digested: a file with many signatures is digested many times.
    private var digestBytesLeft = 8 << 30

    private static let pieceBytes = 1 << 20

    init(_ verifier: SignatureVerifier, _ set: PDFSignatureSet, time: Instant, document: String?) {
        self.verifier = verifier
        self.set = set
        self.time = time
        self.document = document
    }

    /// In the order in which the file has them.
    mutating func reports() -> [SignatureReport] {
        let entries = set.entries.prefix(PDFSignatureSet.signaturesMax)
        var fault: PDFFault?
        do throws(PDFFault) {
            let store = try PDFSecurityStore(of: set.file, at: set.file.lastRevision)
            certificates = store.certificates
            embedded = store.revocation.parsed().data
        } catch { fault = error }
        var drafts: [(index: Int, draft: ReportDraft)] = []
        // The latest timestamp first: what it covers is proven to be as old as it is.
        let order = entries.indices.sorted { one, other in
            let keys = [one, other].map { index in
                let value = try? entries[index].value.get()
                return (value?.kind == .documentTimestamp ? 0 : 1, -(value?.revision ?? 0))
            }
            return keys[0] < keys[1]
        }
        for index in order {
            var draft = draft(on: entries[index])
            if let fault { draft.fail(SignatureReason(fault)) }
            drafts.append((index, draft))
        }
        // Looked for last: what it costs must not be missing where the signatures are judged.
        if let remark = PDFActiveContent.remark(on: set.file) {
            for place in drafts.indices { drafts[place].draft.remark(remark) }
        }
        return drafts.sorted { $0.index < $1.index }.map { $0.draft.report() }
    }

    private mutating func draft(on entry: PDFSignatureSet.Entry) -> ReportDraft {
        var failures = set.objections(to: entry)
        var draft: ReportDraft
        switch entry.value {
        case .failure(let reason):
            draft = ReportDraft(.pades)
            failures.insert(reason, at: 0)
        case .success(let value):
            do throws(PDFFault) {
                failures += try set.objections(to: value, of: entry)
            } catch {
                failures.append(SignatureReason(error))
            }
            draft =
                value.kind == .documentTimestamp
                ? stamp(value, isSound: failures.isEmpty) : signature(value)
            draft.coverage = coverage(value)
        }
        draft.field = entry.field.name
        draft.document = document
        // What is wrong with the file comes first: what the CMS is worth may only follow from it.
        draft.fail(first: failures)
        return draft
    }

    // MARK: - Signatures

    private mutating func signature(_ value: PDFSignatureValue) -> ReportDraft {
        let later = stamps.filter { $0.revision > value.revision }
        var surroundings = CMSSurroundings()
        surroundings.profile = value.kind == .cades ? .pades : .pkcs7
        surroundings.certificates = certificates
        surroundings.embedded = embedded
        surroundings.documentTimestamps = later.map(\.judgement)
        var fault: PDFFault?
        var digests: [DigestAlgorithm: [UInt8]] = [:]
        var draft = verifier.judge(
            cms: value.cms, contentDigest: { digest($0, value, &digests, &fault) }, surroundings, at: time)
        if let fault { draft.fail(SignatureReason(fault)) }
        if draft.signingTime == nil { draft.signingTime = value.claimedTime }
        if draft.level == .lta, !later.contains(where: { $0.coversStore && $0.judgement.report.hasPassed }) {
            draft.level = .lt
        }
        return draft
    }

    // MARK: - Document timestamps

    private mutating func stamp(_ value: PDFSignatureValue, isSound: Bool) -> ReportDraft {
        var fault: PDFFault?
        var digests: [DigestAlgorithm: [UInt8]] = [:]
        let later = stamps.filter { $0.revision > value.revision && $0.judgement.report.hasPassed }
        let proven = (later.compactMap(\.judgement.report.genTime) + [time]).min() ?? time
        let surroundings = TimestampSurroundings(
            certificates: certificates.compactMap { try? verifier.certificates.certificate(der: $0) },
            embedded: embedded, provenTime: proven)
        let judgement = verifier.judge(
            documentTimestamp: value.cms, contentDigest: { digest($0, value, &digests, &fault) }, surroundings
        )
        var draft = ReportDraft(.documentTimestamp)
        if let fault { draft.fail(SignatureReason(fault)) }
        for failure in judgement.failures { draft.fail(failure) }
        for reason in judgement.report.reasons where !judgement.failures.contains(reason) {
            draft.remark(reason)
        }
        draft.rest(on: judgement.evidence)
        draft.timestamps = [judgement.report]
        draft.bestSigningTime = judgement.report.hasPassed ? judgement.report.genTime : nil
        let store = try? PDFSecurityStore(of: set.file, at: value.revision)
        // One that does not cover what it should proves nothing; its own report says so.
        if isSound, fault == nil {
            stamps.append(
                Stamp(
                    revision: value.revision, judgement: judgement,
                    coversStore: store.map { !$0.isEmpty } ?? false))
        }
        return draft
    }

    // MARK: - Ranges

    private mutating func digest(
        _ algorithm: DigestAlgorithm, _ value: PDFSignatureValue,
        _ known: inout [DigestAlgorithm: [UInt8]], _ fault: inout PDFFault?
    ) -> [UInt8]? {
        if let digest = known[algorithm] { return digest }
        do throws(PDFFault) {
            let digester = Digester(algorithm)
            for range in value.ranges {
                var offset = range.lowerBound
                while offset < range.upperBound {
                    let count = min(Self.pieceBytes, range.upperBound - offset)
                    digestBytesLeft -= count
                    guard digestBytesLeft >= 0 else {
                        throw PDFFault(.tooLarge, "too much to digest", at: offset)
                    }
                    digester.update(try set.file.source.read(at: offset, count: count))
                    offset += count
                }
            }
            let digest = digester.finalize()
            known[algorithm] = digest
            return digest
        } catch {
            fault = error
            return nil
        }
    }

    private func coverage(_ value: PDFSignatureValue) -> String {
        let place = "revision \(value.revision + 1) of \(set.file.revisions.count)"
        return value.ranges[1].upperBound == set.file.byteCount ? "whole file, \(place)" : place
    }
}
