internal import COpenSSL

/// Owns one `EVP_MD_CTX`: SHA-256, SHA-384 or SHA-512 over a stream. Belongs to one thread at a time.
@safe package final class Digester {
    package let algorithm: DigestAlgorithm
    private let context: OpaquePointer

    package init(_ algorithm: DigestAlgorithm) {
        guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        self.algorithm = algorithm
        unsafe self.context = context
        restart()
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    package func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) == 1 else {
                preconditionFailure("a digest in use cannot fail")
            }
        }
    }

    package func update(_ bytes: [UInt8]) {
        update(bytes.span)
    }

    /// The digest of everything so far; starts anew.
    package func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: algorithm.byteCount)
        let done = unsafe digest.withUnsafeMutableBufferPointer { buffer in
            unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
        }
        precondition(done == 1, "a digest in use cannot fail")
        restart()
        return digest
    }

    package static func hash(_ bytes: [UInt8], _ algorithm: DigestAlgorithm) -> [UInt8] {
        hash(bytes.span, algorithm)
    }

    package static func hash(_ bytes: Span<UInt8>, _ algorithm: DigestAlgorithm) -> [UInt8] {
        let digester = Digester(algorithm)
        digester.update(bytes)
        return digester.finalize()
    }

    private func restart() {
        guard unsafe EVP_DigestInit_ex2(context, algorithm.method, nil) == 1 else {
            preconditionFailure("\(algorithm.rawValue) cannot start")
        }
    }
}
