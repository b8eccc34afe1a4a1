internal import CLibXML2
internal import Synchronization

/// What is kept from one document to the next: libxml2's dictionary of strings, and the names made of them.
///
/// Letters have nearly all their names in common, and making them anew took a fifth of what reading one
/// costs. Nothing else outlives a document: each gets a parser of its own. A name says the same in every
/// document, so what a stranger's letter leaves here cannot change how the next one is read; and a store
/// that a letter failed in, or has made large, is not kept.
///
@safe final class NameStore: @unchecked Sendable {
    // Sendable because it belongs to one reader at a time, and an idle one to nobody.

    /// The parsers' own strings; a parser holds a reference of its own.
    let dictionary: xmlDictPtr
    var table = NameTable()
    private var documents = 0

    /// What a parser may intern for one document: names and namespaces.
    private static let dictionaryBytesMax = 4 << 20
    /// What one store may keep, of names and of bytes.
    private static let namesKeptMax = 512
    private static let bytesKeptMax = 32 << 10
    /// After so many documents a store begins anew: what only a few of them had does not stay for good.
    private static let documentsMax = 10_000
    /// Idle stores: more than that are letters that come at once and seldom.
    private static let idleMax = 64
    private static let idle = Mutex<[NameStore]>([])

    private init() {
        guard let dictionary = unsafe xmlDictCreate() else { preconditionFailure("libxml2 has no memory") }
        unsafe self.dictionary = dictionary
    }

    deinit { unsafe xmlDictFree(dictionary) }

    /// One for a document that begins; `giveBack` ends that.
    static func take() -> NameStore {
        let store = idle.withLock { $0.popLast() } ?? NameStore()
        store.documents += 1
        store.table.beginDocument()
        // HUGE takes this bound away, and every distinct namespace stays for as long as the parser lives.
        let limit = unsafe xmlDictGetUsage(store.dictionary) + dictionaryBytesMax
        _ = unsafe xmlDictSetLimit(store.dictionary, limit)
        return store
    }

    /// To be called once the parser is freed and the document was read to its good end, where it is worth
    /// keeping.
    func giveBack() {
        Self.idle.withLock { idle in
            if idle.count < Self.idleMax { idle.append(self) }
        }
    }

    /// - Parameter names: this store's.
    func isWorthKeeping(with names: NameTable) -> Bool {
        documents < Self.documentsMax && names.count <= Self.namesKeptMax
            && (unsafe xmlDictGetUsage(dictionary)) <= Self.bytesKeptMax
    }
}
