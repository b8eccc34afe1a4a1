internal import PDF

extension PDFSignatureValue {
    /// Which fields a signature locks: ISO 32000-2 tables 236 and 256.
    struct Lock: Equatable {
        private enum Fields: Equatable {
            case all
            case include(FieldNames)
            case exclude(FieldNames)
        }

        private let fields: Fields
        /// Nothing may be signed or filled in any more (P=1).
        let deniesChanges: Bool

        static let everything = Lock(fields: .all, deniesChanges: true)

        private init(fields: Fields, deniesChanges: Bool) {
            self.fields = fields
            self.deniesChanges = deniesChanges
        }

        init(_ dictionary: PDFDictionary?) throws(SignatureReason) {
            deniesChanges = dictionary?["P"] == .integer(1)
            var names: [String]?
            if let list = dictionary?["Fields"] {
                // A name that is not read would be a field that is not locked.
                guard let list = list.array, list.allSatisfy({ $0.string != nil }) else {
                    throw SignatureReason(.pdfStructure, "FieldMDP")
                }
                names = list.compactMap { $0.string.map(PDFText.decode) }
            }
            switch (dictionary?["Action"]?.name, names) {
            case ("All", _): fields = .all
            case ("Include", .some(let names)): fields = .include(FieldNames(names))
            case ("Exclude", .some(let names)): fields = .exclude(FieldNames(names))
            default: throw SignatureReason(.pdfStructure, "FieldMDP")
            }
        }

        func covers(_ name: String) -> Bool {
            switch fields {
            case .all: true
            case .include(let names): names.cover(name)
            case .exclude(let names): !names.cover(name)
            }
        }
    }

    /// Names of fields, each of which stands for the fields below it, too.
    ///
    /// Looked up by the hash of each beginning of a name that ends before a full stop: a file may lock two
    /// hundred thousand names and have twenty thousand fields, and comparing each with each took minutes.
    private struct FieldNames: Equatable {
        private var byHash: [Int: [[UInt8]]] = [:]

        init(_ names: [String]) {
            for name in Set(names.map { Array($0.utf8) }) {
                var hasher = Hasher()
                for byte in name { hasher.combine(byte) }
                byHash[hasher.finalize(), default: []].append(name)
            }
        }

        func cover(_ name: String) -> Bool {
            let bytes = Array(name.utf8)
            var hasher = Hasher()
            for (place, byte) in bytes.enumerated() {
                if byte == 0x2E, has(bytes[..<place], hasher) { return true }
                hasher.combine(byte)
            }
            return has(bytes[...], hasher)
        }

        private func has(_ name: ArraySlice<UInt8>, _ hasher: Hasher) -> Bool {
            // A copy: the longer beginnings go on from here.
            let hash = hasher.finalize()
            return byHash[hash]?.contains { $0.elementsEqual(name) } ?? false
        }
    }
}
