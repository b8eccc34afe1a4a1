/// Bounds on what one file may make the reader hold or do. The texts' lengths are those seen in agencies'
/// databases; QCVN 102 itself was not at hand.
package struct EdXMLLimits: Sendable {
    /// A broadcast to all communes of the country is 3,321.
    package var recipientsMax = 4096
    package var attachmentsMax = 100
    /// Of one decoded, unpacked file.
    package var attachmentBytesMax = 1 << 30
    /// Of all decoded files of a letter: unpacking costs time even where nothing is kept.
    package var decodedBytesMax = 4 << 30
    /// An unpacked file may be this many times the archive; office files hardly shrink, and DEFLATE reaches
    /// 1,030.
    package var unpackRatioMax = 200
    /// Below this an archive's ratio does not matter: a short text of blanks is no attack.
    package var unpackFreeBytes = 4 << 20
    /// OrganId: 35 characters by Decision 20/2020, more in practice.
    package var organIDBytesMax = 64
    package var documentIDBytesMax = 255
    package var codeBytesMax = 128
    /// Characters.
    package var subjectCharactersMax = 550
    package var contentCharactersMax = 500
    /// Every other text, in characters.
    package var textCharactersMax = 1000
    package var fileNameBytesMax = 255
    /// All texts of the file together, attachments not counted: what the reader holds at most.
    package var heldBytesMax = 16 << 20
    /// Known elements of the file together.
    package var elementsMax = 100_000
    /// After this many the rest is not worth reading.
    package var findingsMax = 50

    package init() {}
}
