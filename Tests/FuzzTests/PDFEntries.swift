import Exchange
import PDF
import Signature

let pdfEntries = [
    Entry("pdf", mutations: 60) { bytes in
        var limits = PDFLimits()
        limits.workMax = 5_000_000
        limits.inflatedBytesMax = 1 << 20
        let source = PDFBytes(bytes)
        let reports = Material.signatures.verify(pdf: source, at: Material.time, limits: limits)
        let verdict = Verdict(signatures: reports)
        try checkJSON(verdict)
        guard verdict.hasPassed else { return }
        try check(!verdict.isUnsigned, "passed without a signature")
        // What a signer really signed is there, byte for byte, but for the value of the signature itself.
        let isKnown = Seeds.of("pdf").contains { isSame(bytes, as: $0.bytes) }
        try check(isKnown, "a file that nobody signed passed")
        try check(SignatureVerifier.maySign(source), "a signed file that may not sign")
    }
]

/// Whether `bytes` begin with all of `seed` apart from what stands between the angle brackets of Contents.
private func isSame(_ bytes: [UInt8], as seed: [UInt8]) -> Bool {
    let mark = Array("/Contents <".utf8)
    guard bytes.count >= seed.count, seed.count > mark.count else { return false }
    var isInside = false
    for index in seed.indices {
        if seed[index] == UInt8(ascii: ">") { isInside = false }
        if !isInside, bytes[index] != seed[index] { return false }
        if seed[index] == UInt8(ascii: "<"), index + 1 >= mark.count,
            seed[(index + 1 - mark.count)...index].elementsEqual(mark)
        {
            isInside = true
        }
    }
    return true
}
