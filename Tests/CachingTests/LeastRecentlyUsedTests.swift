import Caching
import LivepatchTesting
import Testing

@Suite struct LeastRecentlyUsedTests {
    @Test func `what was used the longest ago is forgotten first`() {
        var known = LeastRecentlyUsed<String, Int>(capacity: 2)
        #expect(known.insert(1, for: "a") == nil)
        #expect(known.insert(2, for: "b") == nil)
        #expect(known.value(for: "a") == 1)
        let forgotten = known.insert(3, for: "c")
        #expect(forgotten?.key == "b" && forgotten?.value == 2)
        #expect(known.value(for: "b") == nil)
        #expect(known.count == 2)
    }

    @Test func `a value that is kept again is as new`() {
        var known = LeastRecentlyUsed<String, Int>(capacity: 2)
        for key in ["a", "b", "a"] { known.insert(1, for: key) }
        #expect(known.insert(1, for: "c")?.key == "b")
    }

    @Test func `a value that is changed is as new, and what is not there is not changed`() {
        var known = LeastRecentlyUsed<String, Int>(capacity: 2)
        for key in ["a", "b"] { known.insert(1, for: key) }
        let changed = known.update("a") { value in
            value += 1
            return "changed"
        }
        #expect(changed == "changed" && known.update("c") { $0 += 1 } == nil)
        #expect(known.insert(1, for: "c")?.key == "b")
        #expect(known.value(for: "a") == 2)
    }

    @Test func `there is room for one value at least`() {
        var known = LeastRecentlyUsed<String, Int>(capacity: 0)
        known.insert(1, for: "a")
        #expect(known.value(for: "a") == 1)
    }

    @Test func `it does as a plain list of keys does, whatever is asked of it`() {
        var generator = SeededGenerator(seed: 11)
        var known = LeastRecentlyUsed<Int, Int>(capacity: 5)
        var order: [Int] = []
        for step in 0..<5000 {
            let key = Int.random(in: 0..<9, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                #expect((known.remove(key) != nil) == order.contains(key))
                order.removeAll { $0 == key }
            case 1:
                #expect((known.value(for: key) != nil) == order.contains(key))
                guard order.contains(key) else { break }
                order.removeAll { $0 == key }
                order.append(key)
            default:
                let forgotten = known.insert(step, for: key)
                order.removeAll { $0 == key }
                order.append(key)
                #expect(forgotten?.key == (order.count > 5 ? order.removeFirst() : nil))
            }
            #expect(known.count == order.count)
        }
    }
}
