import AttuneKit
import Foundation

/// `swift run attune-verify EXPORT`: what only a Mac can show of an export. It compiles the models, compares what they
/// say with reference.json, times them on each unit, trains a head by `MLUpdateTask`, and reads it back.
@main
struct AttuneVerify {
    static func main() async {
        guard CommandLine.arguments.count == 2 else {
            return fail("usage: attune-verify EXPORT, the folder that `attune-toolchain export coreml` made", code: 2)
        }
        #if canImport(CoreML)
        do {
            let verification = try Verification(export: URL(fileURLWithPath: CommandLine.arguments[1]))
            guard try await verification.run() else { return fail("something above is not as it should be", code: 1) }
            print("all as it should be")
        } catch {
            fail("\(error)", code: 1)
        }
        #else
        fail("attune-verify needs Core ML: run it on a Mac", code: 1)
        #endif
    }

    private static func fail(_ reason: String, code: Int32) {
        FileHandle.standardError.write(Data("attune-verify: \(reason)\n".utf8))
        exit(code)
    }
}
