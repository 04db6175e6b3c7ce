import TUF
import Testing

@Suite struct `Path patterns` {
    @Test(arguments: [
        ("targets/*.tgz", "targets/foo.tgz"), ("targets/*.tgz", "targets/bar.tgz"), ("foo-version-?.tgz", "foo-version-2.tgz"),
        ("foo-version-?.tgz", "foo-version-a.tgz"), ("*.tgz", "foo.tgz"), ("*.tgz", ".tgz"), ("foo.tgz", "foo.tgz"), ("*", "a"),
        ("*", ""), ("**", "abc"), ("*/*", "a/b"), ("a*b*c", "aXbYbZc"), ("a*", "a"), ("?", "é"), ("?", "𝄞"), ("[a-c]x", "bx"),
        ("[!a-c]x", "dx"), ("[]x]", "]"), ("[", "["), ("a[b", "a[b"),
        ("livepatch-*-107.1-*.tar.bz2", "livepatch-a-107.1-x.tar.bz2"),
        ("/a", "/a"), ("*/", "a/"),
    ])
    func `match`(_ pattern: String, _ path: String) { #expect(PathPattern(pattern).matches(path)) }

    @Test(arguments: [
        ("targets/*.tgz", "targets/foo.txt"), ("foo-version-?.tgz", "foo-version-alpha.tgz"), ("*.tgz", "targets/foo.tgz"),
        ("foo.tgz", "foo.tgz2"), ("foo.tgz", "xfoo.tgz"), ("*", "a/b"), ("**", "a/b"), ("?", "/"), ("a?b", "a/b"), ("[/]", "/"),
        ("a[!x]b", "a/b"), ("*", "/a"), ("a/*", "a"), ("a/*", "a/b/c"), ("?", ""), ("[a-c]x", "dx"), ("[!a-c]x", "ax"), ("", "a"),
        ("a*b", "aXc"), ("A", "a"), ("[z-a]", "m"), ("\u{E9}", "e\u{301}"),
    ])
    func `do not match`(_ pattern: String, _ path: String) { #expect(!PathPattern(pattern).matches(path)) }

    @Test func `take no longer than their length times the path's`() {
        let pattern = PathPattern(String(repeating: "*a", count: 500) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 5000)))
    }
}
