// The targets under libFuzzer, which follows the coverage of the code: `scripts/fuzz_guided.sh` builds and runs it.
//
//     KUMIKO_FUZZ_TARGET=asterix-json kumiko-fuzz-guided [options of libFuzzer] CORPUS
import CFuzz
import FuzzTargets
import Glibc

/// The target that the environment names.
nonisolated(unsafe) private let target: FuzzTarget = {
    let name = unsafe getenv("KUMIKO_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let found = fuzzTargets().first(where: { $0.name == name }) else {
        fail("KUMIKO_FUZZ_TARGET names none of \(fuzzTargets().map(\.name))")
    }
    return found
}()

/// One input of libFuzzer, which hands over a copy of exactly its size: the address sanitizer sees each read beyond it.
private func runOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    unsafe target.run(Span(_unsafeElements: UnsafeBufferPointer(start: data, count: size)))
    return 0
}

/// The linker calls this for `main`: libFuzzer's own main is not wanted.
@_cdecl("kumiko_fuzz_guided_main")
public func guidedMain(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var count = count
    var words = unsafe words
    return unsafe LLVMFuzzerRunDriver(&count, &words, runOne)
}
