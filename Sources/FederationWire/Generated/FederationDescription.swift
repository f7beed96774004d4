/// The description from which the files beside this one were made.
enum FederationDescription {
    static let sha256 = "efede83f53283376cfe68ddbcc55f1199ffdc07920032416849e45345695efa9"
}
