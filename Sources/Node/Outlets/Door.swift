/// Goods that may leave the node. Only a `Door` makes one, and an outlet takes nothing else: when agreements decide what
/// may leave, and in what redaction, they decide there.
struct Passed<Goods: Sendable>: Sendable {
    let goods: Goods

    fileprivate init(_ goods: Goods) { self.goods = goods }
}

/// What stands between the picture and an outlet. An outlet is configured by the node's own nation for its own systems,
/// so all of it passes.
struct Door: Sendable {
    func pass<Goods>(_ goods: Goods) -> Passed<Goods> { Passed(goods) }
}
