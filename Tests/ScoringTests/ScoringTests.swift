@testable import Scoring
