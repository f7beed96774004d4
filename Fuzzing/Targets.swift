/// Every decoder under test.
func fuzzTargets() -> [FuzzTarget] { asterixTargets() }
