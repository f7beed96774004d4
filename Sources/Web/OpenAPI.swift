internal import Foundation

/// The description of the API, as the node serves it.
enum OpenAPI {
    /// The document's text, read once.
    static let document: String = {
        let file = Bundle.module.bundleURL.appending(path: "openapi.json")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else {
            preconditionFailure("the program lies beside its resources; \(file.path) is missing")
        }
        return text
    }()
}
