/// The description from which the files beside this one were made.
enum FederationDescription {
    static let sha256 = "43573f989118d499abb49833ab880b5ff4fc450e70ae0a4e1648eeeb58764f89"
}
