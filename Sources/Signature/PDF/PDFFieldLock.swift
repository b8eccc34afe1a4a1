internal import PDF

extension PDFSignatureValue {
    /// Which fields a signature locks: ISO 32000-2 tables 236 and 256.
    struct Lock: Equatable {
        private enum Fields: Equatable {
            case all
            case include([String])
            case exclude([String])
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
            case ("Include", .some(let names)): fields = .include(names)
            case ("Exclude", .some(let names)): fields = .exclude(names)
            default: throw SignatureReason(.pdfStructure, "FieldMDP")
            }
        }

        func covers(_ name: String) -> Bool {
            // A name stands for the fields below it, too.
            func isNamed(_ names: [String]) -> Bool {
                names.contains { Array(name.utf8) == Array($0.utf8) || name.utf8.starts(with: "\($0).".utf8) }
            }
            return switch fields {
            case .all: true
            case .include(let names): isNamed(names)
            case .exclude(let names): !isNamed(names)
            }
        }
    }
}
