package import Files

/// Why a draft was not written.
package enum DraftError: Error, Sendable, CustomStringConvertible {
    /// A receiver would refuse it. `element` is a path below MessageHeader, `detail` is Vietnamese.
    case invalid(element: String, detail: String)
    /// An attachment cannot be read, or the letter cannot be written.
    case file(FileError)
    /// The attachment was not the same when it was read the second time.
    case changed(path: String)
    /// More than a ZIP entry without 64-bit extensions can hold, which old receivers cannot read.
    case tooLarge(path: String)

    package var description: String {
        switch self {
        case .invalid(let element, let detail): "\(element): \(detail)"
        case .file(let error): error.description
        case .changed(let path): "\(path) bị thay đổi trong lúc đang đọc; hãy thử lại"
        case .tooLarge(let path): "\(path) lớn hơn 4 GiB, không nén được thành tệp đính kèm"
        }
    }
}
