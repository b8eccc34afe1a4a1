import Glibc

/// What libFuzzer calls; the entry is named by LIENTHONG_FUZZ_TARGET. A disagreement ends the process as a
/// trap does, so that libFuzzer keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try entry.run(Array(UnsafeBufferPointer(start: data, count: count)))
    } catch {
        fatalError("\(entry.name): \(error)")
    }
    return 0
}

private let entry: Entry = {
    let name = getenv("LIENTHONG_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let entry = Entry.named(name) else {
        let names = Entry.all.map(\.name).joined(separator: " ")
        fatalError("LIENTHONG_FUZZ_TARGET must be one of: \(names)")
    }
    return entry
}()
